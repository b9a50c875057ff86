-- Each entry of each model's score list.
-- Grain: model_id, list_index. A benchmark may be listed twice, so (model_id, benchmark_id) is not
-- a key.
-- Order: model_id, list_index.
-- Reads: raw.models__scores, staging.round_significant.
create or replace view staging.scores as
select
    cast(model_id as varchar) as model_id,
    cast(_dlt_list_idx as bigint) as list_index,
    cast(benchmark_id as varchar) as benchmark_id,
    cast(benchmark_name as varchar) as benchmark_name,
    nullif(cast(description as varchar), '') as benchmark_description,
    nullif(cast(category as varchar), '') as category,
    staging.round_significant(cast(score as double)) as score,
    staging.round_significant(cast(max_score as double)) as max_score,
    staging.round_significant(cast(normalized_score as double)) as normalized_score,
    cast(is_self_reported as boolean) as is_self_reported,
    cast(verified_by_llmstats as boolean) as is_verified,
    cast(scored_at as timestamp) as scored_at,
    cast(rank as bigint) as api_rank,
    nullif(cast(source_url as varchar), '') as source_url,
    cast(extra as json) as extra,
    cast(unreadable as json) as unreadable
from raw.models__scores;

comment on view staging.scores is 'One row per reported benchmark score, as last fetched';
comment on column staging.scores.list_index is 'Position in the record''s list, from 0; the upstream order is not meaningful';
comment on column staging.scores.benchmark_description is 'Description of the benchmark; null if none is given';
comment on column staging.scores.is_verified is 'True if LLM Stats checked the score independently';
comment on column staging.scores.api_rank is 'Upstream rank on the benchmark, 1 is best; null if not ranked';

-- Each benchmark: how many models have a score on it, its scale, the leading models, and whether
-- its values are comparable.
-- Grain: benchmark_id.
-- Order: is_comparable desc, model_count desc, benchmark_id.
-- Reads: marts.scores, staging.cheapest_offers, staging.chosen_scores, staging.models,
-- staging.is_most_common.
-- A benchmark is not comparable in two cases:
--
-- - Fewer than two models have a score on the benchmark.
-- - Its raw values look like a mix of two units: the largest value is above 1, and more than ten
--   times the median of the values between 0 and 1.
create or replace view marts.benchmarks as
with
compared_scores as (
    select
        model_id,
        benchmark_id,
        benchmark_name,
        category,
        scale,
        value,
        is_lower_better,
        gap_to_best,
        evidence,
        is_disputed,
        not_comparable_reason
    from marts.scores
),

counted_models as (
    select
        scores.benchmark_id,
        count(distinct models.organization_id) as organization_count,
        count(cheapest_offers.model_id) as priced_model_count
    from staging.chosen_scores as scores
    inner join staging.models as models on scores.model_id = models.model_id
    left join staging.cheapest_offers as cheapest_offers
        on scores.model_id = cheapest_offers.model_id
    group by scores.benchmark_id
),

summed_scores as (
    select
        benchmark_id,
        max(scale) as scale,
        bool_or(is_lower_better) as is_lower_better,
        count(*) as model_count,
        max(value) as largest_value,
        min(value) as smallest_value,
        array_agg(model_id order by model_id) filter (where gap_to_best = 0) as best_model_ids,
        median(value) as median_value,
        cast(count(*) filter (where evidence = 'verified') as double) / count(*) as verified_share,
        cast(count(*) filter (where evidence = 'self_reported') as double)
        / count(*) as self_reported_share,
        count(*) filter (where is_disputed) as disputed_count,
        max(not_comparable_reason) as not_comparable_reason
    from compared_scores
    group by benchmark_id
),

common_names as (
    select
        benchmark_id,
        benchmark_name
    from compared_scores
    group by
        benchmark_id,
        benchmark_name
    qualify staging.is_most_common(benchmark_id, benchmark_name)
),

common_categories as (
    select
        benchmark_id,
        category
    from compared_scores
    where category is not null
    group by
        benchmark_id,
        category
    qualify staging.is_most_common(benchmark_id, category)
),

common_descriptions as (
    select
        benchmark_id,
        benchmark_description
    from staging.chosen_scores
    where benchmark_description is not null
    group by
        benchmark_id,
        benchmark_description
    qualify staging.is_most_common(benchmark_id, benchmark_description)
)

select
    summed_scores.benchmark_id,
    common_names.benchmark_name,
    common_categories.category,
    common_descriptions.benchmark_description as description,
    summed_scores.model_count,
    counted_models.organization_count,
    counted_models.priced_model_count,
    summed_scores.scale,
    summed_scores.is_lower_better,
    case
        when summed_scores.is_lower_better then summed_scores.smallest_value
        else summed_scores.largest_value
    end as best_value,
    summed_scores.best_model_ids,
    summed_scores.median_value,
    summed_scores.verified_share,
    summed_scores.self_reported_share,
    summed_scores.disputed_count,
    summed_scores.not_comparable_reason is null as is_comparable,
    summed_scores.not_comparable_reason
from summed_scores
inner join common_names on summed_scores.benchmark_id = common_names.benchmark_id
inner join counted_models on summed_scores.benchmark_id = counted_models.benchmark_id
left join common_categories on summed_scores.benchmark_id = common_categories.benchmark_id
left join common_descriptions on summed_scores.benchmark_id = common_descriptions.benchmark_id;

comment on view marts.benchmarks is 'One row per benchmark: how many models have a score on it, which models lead, and whether its values are comparable. If a model has several scores on a benchmark, only the score that marts.scores chooses is used. Models that left the catalog are included, and may be among the leading models. Upstream may use several ids for one benchmark; staging.benchmark_aliases merges them';
comment on column marts.benchmarks.benchmark_name is 'Most frequent display name of the benchmark; in a tie, the first in alphabetical order; do not join or group by it';
comment on column marts.benchmarks.category is 'Most frequent category of the benchmark; in a tie, the first in alphabetical order; null if none is given. Upstream''s categories are coarse; staging.benchmark_categories adds more categories';
comment on column marts.benchmarks.description is 'Most frequent description of the benchmark; in a tie, the first in alphabetical order; null if none is given';
comment on column marts.benchmarks.organization_count is 'Number of organizations with a model that has a score on the benchmark';
comment on column marts.benchmarks.priced_model_count is 'Number of models with a score on the benchmark and an available offer with both prices';
comment on column marts.benchmarks.scale is 'Scale of the values: `normalized` (0 to 1) or `raw` (the benchmark''s own unit). The scale is `normalized` if every model with a score on the benchmark has a normalized score between 0 and 1';
comment on column marts.benchmarks.best_value is 'Best value on the benchmark, on the scale given in `scale`; the lowest value where lower is better';
comment on column marts.benchmarks.best_model_ids is 'Ids of the models with the best value, ties included, in alphabetical order';
comment on column marts.benchmarks.median_value is 'Median of the values on the benchmark, on the scale given in `scale`';
comment on column marts.benchmarks.verified_share is 'Share of scores that LLM Stats checked, among the benchmark''s scores in marts.scores, 0 to 1';
comment on column marts.benchmarks.self_reported_share is 'Share of scores that only the model''s maker reported, among the benchmark''s scores in marts.scores, 0 to 1';
comment on column marts.benchmarks.disputed_count is 'Number of models for which two or more different scores on the benchmark are listed';

-- Facts of every model. `row_count` is the number of its scores and its current and past prices.
-- Grain: model_id.
-- Reads: marts.models, marts.scores, marts.price_history, marts.leaderboard.
-- The best models come first, because a large report leaves out the last models.
with
all_rows as (
    select model_id from marts.scores
    union all
    select model_id from marts.price_history
),

counted_rows as (
    select
        model_id,
        count(*) as row_count
    from all_rows
    group by model_id
),

overall_ranks as (
    select
        model_id,
        rank
    from marts.leaderboard
    where
        category = 'overall'
        and evidence_scope = 'all'
)

select
    models.model_id,
    models.model_name,
    models.model_description,
    models.organization_id,
    models.organization_name,
    models.family_name,
    models.license_name,
    models.allow_commercial,
    models.is_open_weight,
    models.modalities,
    models.context_window_tokens,
    models.param_count,
    models.release_date,
    models.benchmark_count,
    models.upstream_url,
    models.paper_url,
    models.weights_url,
    models.repo_url,
    models.fetched_at,
    models.listed_at,
    models.unlisted_since,
    coalesce(counted_rows.row_count, 0) as row_count
from marts.models as models
left join counted_rows on models.model_id = counted_rows.model_id
left join overall_ranks on models.model_id = overall_ranks.model_id
order by
    overall_ranks.rank nulls last,
    models.release_date desc nulls last,
    models.model_id

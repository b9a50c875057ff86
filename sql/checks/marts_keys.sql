-- The key of a mart is missing or occurs more than once: a comparison counts something twice.
-- Severity: error
-- Reads: every mart.
with
listed_keys as (
    select
        'marts.models' as table_name,
        [model_id] as key
    from marts.models
    union all
    select
        'marts.offers' as table_name,
        [model_id, provider_id, cast(offer_number as varchar)] as key
    from marts.offers
    union all
    select
        'marts.model_prices' as table_name,
        [model_id] as key
    from marts.model_prices
    union all
    select
        'marts.providers' as table_name,
        [provider_id] as key
    from marts.providers
    union all
    select
        'marts.scores' as table_name,
        [model_id, benchmark_id] as key
    from marts.scores
    union all
    select
        'marts.benchmarks' as table_name,
        [benchmark_id] as key
    from marts.benchmarks
    union all
    select
        'marts.leaderboard' as table_name,
        [category, evidence_scope, model_id] as key
    from marts.leaderboard
    union all
    select
        'marts.price_performance' as table_name,
        [model_id, benchmark_id] as key
    from marts.price_performance
    union all
    select
        'marts.price_history' as table_name,
        [model_id, provider_id, cast(offer_number as varchar), cast(valid_from as varchar)] as key
    from marts.price_history
    union all
    select
        'marts.price_changes' as table_name,
        [model_id, provider_id, cast(offer_number as varchar), cast(changed_at as varchar), kind] as key
    from marts.price_changes
    union all
    select
        'marts.score_changes' as table_name,
        [model_id, benchmark_id, cast(score_number as varchar), cast(changed_at as varchar), kind] as key
    from marts.score_changes
    union all
    select
        'marts.freshness' as table_name,
        [model_id] as key
    from marts.freshness
    union all
    select
        'marts.data_quality' as table_name,
        [rule, model_id, detail] as key
    from marts.data_quality
)

select
    table_name,
    key,
    count(*) as row_count
from listed_keys
group by
    table_name,
    key
having
    count(*) > 1
    or array_position(key, null) is not null

-- A mart has an id that is missing in marts.models, marts.providers or marts.benchmarks.
-- Severity: error
-- Reads: marts.models, marts.offers, marts.model_prices, marts.providers, marts.scores,
-- marts.benchmarks, marts.leaderboard, marts.price_performance, marts.price_quality,
-- marts.price_history, marts.model_price_history, marts.price_changes, marts.score_changes,
-- marts.model_changes.
-- In marts.price_history, marts.price_changes and marts.score_changes, only model ids are checked,
-- because upstream may have removed a provider or a benchmark. marts.freshness and
-- marts.data_quality are not checked, because their models may never have been loaded.
with
named_ids as (
    select
        'marts.offers' as table_name,
        unnest(['model', 'provider']) as kind,
        unnest([model_id, provider_id]) as id
    from marts.offers
    union all
    select
        'marts.model_prices' as table_name,
        'model' as kind,
        model_id as id
    from marts.model_prices
    union all
    select
        'marts.scores' as table_name,
        unnest(['model', 'benchmark']) as kind,
        unnest([model_id, benchmark_id]) as id
    from marts.scores
    union all
    select
        'marts.leaderboard' as table_name,
        'model' as kind,
        model_id as id
    from marts.leaderboard
    union all
    select
        'marts.price_performance' as table_name,
        unnest(['model', 'benchmark', 'provider', 'model']) as kind,
        unnest([model_id, benchmark_id, provider_id, dominated_by_model_id]) as id
    from marts.price_performance
    union all
    select
        'marts.price_quality' as table_name,
        unnest(['model', 'provider', 'model']) as kind,
        unnest([model_id, provider_id, dominated_by_model_id]) as id
    from marts.price_quality
    union all
    select
        'marts.price_history' as table_name,
        'model' as kind,
        model_id as id
    from marts.price_history
    union all
    select
        'marts.model_price_history' as table_name,
        'model' as kind,
        model_id as id
    from marts.model_price_history
    union all
    select
        'marts.price_changes' as table_name,
        'model' as kind,
        model_id as id
    from marts.price_changes
    union all
    select
        'marts.score_changes' as table_name,
        'model' as kind,
        model_id as id
    from marts.score_changes
    union all
    select
        'marts.model_changes' as table_name,
        'model' as kind,
        model_id as id
    from marts.model_changes
),

known_ids as (
    select
        'model' as kind,
        model_id as id
    from marts.models
    union all
    select
        'provider' as kind,
        provider_id as id
    from marts.providers
    union all
    select
        'benchmark' as kind,
        benchmark_id as id
    from marts.benchmarks
)

select distinct
    named_ids.table_name,
    named_ids.kind,
    named_ids.id as missing_id
from named_ids
left join known_ids
    on
        named_ids.kind = known_ids.kind
        and named_ids.id = known_ids.id
where
    named_ids.id is not null
    and known_ids.id is null

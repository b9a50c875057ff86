-- A mart names a model, a provider or a benchmark that the mart of these does not have.
-- Severity: error
-- Reads: marts.models, marts.offers, marts.model_prices, marts.providers, marts.scores, marts.benchmarks, marts.leaderboard,
-- marts.price_performance.
select distinct
    'marts.offers' as table_name,
    'model_id' as column_name,
    children.model_id as missing_id
from marts.offers as children
left join marts.models as parents on children.model_id = parents.model_id
where
    children.model_id is not null
    and parents.model_id is null

union all

select distinct
    'marts.offers' as table_name,
    'provider_id' as column_name,
    children.provider_id as missing_id
from marts.offers as children
left join marts.providers as parents on children.provider_id = parents.provider_id
where
    children.provider_id is not null
    and parents.provider_id is null

union all

select distinct
    'marts.model_prices' as table_name,
    'model_id' as column_name,
    children.model_id as missing_id
from marts.model_prices as children
left join marts.models as parents on children.model_id = parents.model_id
where
    children.model_id is not null
    and parents.model_id is null

union all

select distinct
    'marts.scores' as table_name,
    'model_id' as column_name,
    children.model_id as missing_id
from marts.scores as children
left join marts.models as parents on children.model_id = parents.model_id
where
    children.model_id is not null
    and parents.model_id is null

union all

select distinct
    'marts.scores' as table_name,
    'benchmark_id' as column_name,
    children.benchmark_id as missing_id
from marts.scores as children
left join marts.benchmarks as parents on children.benchmark_id = parents.benchmark_id
where
    children.benchmark_id is not null
    and parents.benchmark_id is null

union all

select distinct
    'marts.leaderboard' as table_name,
    'model_id' as column_name,
    children.model_id as missing_id
from marts.leaderboard as children
left join marts.models as parents on children.model_id = parents.model_id
where
    children.model_id is not null
    and parents.model_id is null

union all

select distinct
    'marts.price_performance' as table_name,
    'model_id' as column_name,
    children.model_id as missing_id
from marts.price_performance as children
left join marts.models as parents on children.model_id = parents.model_id
where
    children.model_id is not null
    and parents.model_id is null

union all

select distinct
    'marts.price_performance' as table_name,
    'benchmark_id' as column_name,
    children.benchmark_id as missing_id
from marts.price_performance as children
left join marts.benchmarks as parents on children.benchmark_id = parents.benchmark_id
where
    children.benchmark_id is not null
    and parents.benchmark_id is null

union all

select distinct
    'marts.price_performance' as table_name,
    'provider_id' as column_name,
    children.provider_id as missing_id
from marts.price_performance as children
left join marts.providers as parents on children.provider_id = parents.provider_id
where
    children.provider_id is not null
    and parents.provider_id is null

union all

select distinct
    'marts.price_performance' as table_name,
    'dominated_by_model_id' as column_name,
    children.dominated_by_model_id as missing_id
from marts.price_performance as children
left join marts.models as parents on children.dominated_by_model_id = parents.model_id
where
    children.dominated_by_model_id is not null
    and parents.model_id is null

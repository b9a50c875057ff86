-- The models on the Pareto frontier of price and value: `from marts.pareto_frontier('gpqa', 1, 1)`.
-- Grain: model_id.
-- Reads: marts.offers, marts.scores, staging.blended_price, staging.is_pareto.
-- The last two arguments are the weights of the input and the output price. With the default
-- weights, 3 and 1, the models are those with is_pareto in marts.price_performance.
create or replace macro marts.pareto_frontier(
    benchmark, input_weight := 3, output_weight := 1
) as table
with priced_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        is_free,
        is_suspect,
        staging.blended_price(
            input_usd_per_mtok, output_usd_per_mtok, input_weight, output_weight
        ) as price_usd_per_mtok
    from marts.offers
    where price_rank is not null
),

cheapest_offers as (
    select
        model_id,
        provider_id,
        is_free,
        is_suspect,
        price_usd_per_mtok
    from priced_offers
    qualify
        row_number() over (
            partition by model_id
            order by price_usd_per_mtok, provider_id, offer_number
        ) = 1
),

judged_models as (
    select
        scores.model_id,
        cheapest_offers.provider_id,
        cheapest_offers.price_usd_per_mtok,
        scores.value,
        cheapest_offers.is_free,
        cheapest_offers.is_suspect,
        staging.is_pareto(
            scores.benchmark_id,
            cheapest_offers.price_usd_per_mtok,
            case when scores.is_lower_better then -scores.value else scores.value end
        ) as is_pareto
    from marts.scores as scores
    inner join cheapest_offers on scores.model_id = cheapest_offers.model_id
    where
        scores.benchmark_id = benchmark
        and scores.is_comparable
)

select
    model_id,
    provider_id,
    price_usd_per_mtok,
    value,
    is_free,
    is_suspect
from judged_models
where is_pareto
order by
    price_usd_per_mtok,
    model_id;

comment on macro table marts.pareto_frontier is 'The models on the Pareto frontier of price and value on a benchmark, cheapest first. The price, in US dollars per million tokens, is the mean of the input and output price with the given weights. `benchmark` is a benchmark_id. Models with equal price and value are all included. Empty if the benchmark is not comparable. In an attached database, run `use <its name>` first';

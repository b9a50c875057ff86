-- The models that no other beats on both price and value, at any mix of input and output: `from marts.pareto_frontier('gpqa', 1, 1)`.
-- Grain: model_id.
-- Reads: marts.offers, marts.scores, marts.blended_price.
-- With the weights left at 3 and 1 these are the rows of marts.price_performance where is_pareto.
create or replace macro marts.pareto_frontier(benchmark, input_weight := 3, output_weight := 1) as table
with priced_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        is_free,
        marts.blended_price(input_usd_per_mtok, output_usd_per_mtok, input_weight, output_weight) + 0.0 as price_usd_per_mtok
    from marts.offers
    where price_rank is not null
),

cheapest_offers as (
    select
        model_id,
        provider_id,
        is_free,
        price_usd_per_mtok
    from priced_offers
    qualify row_number() over (partition by model_id order by price_usd_per_mtok, provider_id, offer_number) = 1
),

-- from the best value down: what is as cheap as all that went before is on the frontier
ordered_models as (
    select
        scores.model_id,
        cheapest_offers.provider_id,
        cheapest_offers.is_free,
        cheapest_offers.price_usd_per_mtok,
        scores.value,
        scores.is_lower_better,
        min(cheapest_offers.price_usd_per_mtok) over best_first as lowest_price,
        max(case when scores.is_lower_better then -scores.value else scores.value end) over same_price as best_at_price
    from marts.scores as scores
    inner join cheapest_offers on scores.model_id = cheapest_offers.model_id
    where
        scores.benchmark_id = benchmark
        and scores.is_comparable
    window
        best_first as (order by case when scores.is_lower_better then scores.value else -scores.value end),
        same_price as (partition by cheapest_offers.price_usd_per_mtok)
)

select
    model_id,
    provider_id,
    price_usd_per_mtok,
    value,
    is_free
from ordered_models
where
    price_usd_per_mtok = lowest_price
    and case when is_lower_better then -value else value end = best_at_price
order by
    price_usd_per_mtok,
    model_id;

comment on macro table marts.pareto_frontier is 'The models on the frontier of price and value of a benchmark, with input and output prices weighted as asked; US dollars per million tokens, cheapest first. `benchmark` is a benchmark_id. Exact ties are all there. Empty if the benchmark is not comparable';

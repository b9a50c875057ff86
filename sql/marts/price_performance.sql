-- What a score costs: each model's cheapest offer next to its value on each comparable benchmark,
-- and
-- the models that no other beats on both.
-- Grain: model_id, benchmark_id. Only models with an available priced offer and a score on it.
-- Reads: marts.offers, marts.scores, staging.is_pareto.
create or replace view marts.price_performance as
with
cheapest_offers as (
    select
        model_id,
        provider_id,
        blended_usd_per_mtok
    from marts.offers
    where price_rank = 1
    qualify row_number() over (partition by model_id order by provider_id, offer_number) = 1
),

cheapest_paid_offers as (
    select
        model_id,
        min(blended_usd_per_mtok) as blended_usd_per_mtok
    from marts.offers
    where
        price_rank is not null
        and not is_free
    group by model_id
),

priced_scores as (
    select
        scores.model_id,
        scores.benchmark_id,
        cheapest_offers.provider_id,
        cheapest_offers.blended_usd_per_mtok as price_usd_per_mtok,
        cheapest_paid_offers.blended_usd_per_mtok as paid_price_usd_per_mtok,
        scores.value,
        scores.is_lower_better,
        case when scores.is_lower_better then -scores.value else scores.value end as directed_value
    from marts.scores as scores
    inner join cheapest_offers on scores.model_id = cheapest_offers.model_id
    left join cheapest_paid_offers on scores.model_id = cheapest_paid_offers.model_id
    where scores.is_comparable
),

judged_scores as (
    select
        model_id,
        benchmark_id,
        provider_id,
        price_usd_per_mtok,
        paid_price_usd_per_mtok,
        value,
        is_lower_better,
        min(price_usd_per_mtok) over (
            partition by benchmark_id
            order by directed_value desc
        ) as dominating_price,
        staging.is_pareto(benchmark_id, price_usd_per_mtok, directed_value) as is_pareto,
        staging.is_pareto(benchmark_id, paid_price_usd_per_mtok, directed_value) as is_pareto_paid
    from priced_scores
),

-- The frontier has one value at each price, so a dominated model is dominated by the frontier model
-- at
-- the lowest price at which anything is as good.
frontier_models as (
    select
        benchmark_id,
        price_usd_per_mtok,
        min(model_id) as model_id
    from judged_scores
    where is_pareto
    group by
        benchmark_id,
        price_usd_per_mtok
)

select
    judged_scores.model_id,
    judged_scores.benchmark_id,
    judged_scores.provider_id,
    judged_scores.price_usd_per_mtok,
    judged_scores.paid_price_usd_per_mtok,
    judged_scores.value,
    judged_scores.is_lower_better,
    case
        when judged_scores.price_usd_per_mtok > 0 and not judged_scores.is_lower_better
            then judged_scores.value / judged_scores.price_usd_per_mtok
    end as value_per_usd,
    judged_scores.is_pareto,
    judged_scores.is_pareto_paid,
    frontier_models.model_id as dominated_by_model_id
from judged_scores
left join frontier_models
    on
        not judged_scores.is_pareto
        and judged_scores.benchmark_id = frontier_models.benchmark_id
        and judged_scores.dominating_price = frontier_models.price_usd_per_mtok;

comment on view marts.price_performance is 'One row per model and comparable benchmark: its cheapest price beside its value, and whether another model beats it on both. The price is the blended one of the cheapest available offer; for another mix see marts.pareto_frontier. A free offer dominates every model that is no better: is_pareto_paid leaves free offers out';
comment on column marts.price_performance.model_id is 'Model that has a price and a value';
comment on column marts.price_performance.benchmark_id is 'Benchmark; only comparable ones';
comment on column marts.price_performance.provider_id is 'Provider of the cheapest available priced offer; of several, the first by id';
comment on column marts.price_performance.price_usd_per_mtok is 'Blended price of that offer, in US dollars per million tokens; 0: free';
comment on column marts.price_performance.paid_price_usd_per_mtok is 'Lowest blended price that is not free, in US dollars per million tokens; null: only free offers';
comment on column marts.price_performance.value is 'Value on the benchmark, on the benchmark''s scale';
comment on column marts.price_performance.value_per_usd is 'Value divided by the price: what a dollar per million tokens buys, comparable within the benchmark only; null: free, or lower is better';
comment on column marts.price_performance.is_pareto is 'True if no other model is as cheap and as good, and better in one of the two; exact ties are all true';
comment on column marts.price_performance.is_pareto_paid is 'The same with free offers left out, on paid_price_usd_per_mtok; false for a model that has only free offers';
comment on column marts.price_performance.dominated_by_model_id is 'The cheapest model that is no dearer and no worse, and better in one of the two; then the best, then the first by id; null: on the frontier';

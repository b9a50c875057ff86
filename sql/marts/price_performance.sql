-- What a score costs: each model's cheapest offer beside its value on each comparable benchmark, and the models that no other beats on
-- both.
-- Grain: model_id, benchmark_id. Only models with an available priced offer and a score on that benchmark.
-- Reads: marts.offers, marts.scores.
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
        cheapest_offers.blended_usd_per_mtok + 0.0 as price_usd_per_mtok,
        cheapest_paid_offers.blended_usd_per_mtok as paid_price_usd_per_mtok,
        scores.value,
        scores.is_lower_better,
        case when scores.is_lower_better then -scores.value else scores.value end + 0.0 as goodness
    from marts.scores as scores
    inner join cheapest_offers on scores.model_id = cheapest_offers.model_id
    left join cheapest_paid_offers on scores.model_id = cheapest_paid_offers.model_id
    where scores.is_comparable
),

-- for each value: the lowest price it is to be had at, and the lowest price of anything better
value_steps as (
    select
        benchmark_id,
        goodness,
        min(price_usd_per_mtok) as lowest_price,
        min(paid_price_usd_per_mtok) as lowest_paid_price,
        min(min(price_usd_per_mtok)) over better as lowest_price_of_better,
        min(min(paid_price_usd_per_mtok)) over better as lowest_paid_price_of_better
    from priced_scores
    group by
        benchmark_id,
        goodness
    window better as (partition by benchmark_id order by goodness desc rows between unbounded preceding and 1 preceding)
),

judged_scores as (
    select
        priced_scores.model_id,
        priced_scores.benchmark_id,
        priced_scores.provider_id,
        priced_scores.price_usd_per_mtok,
        priced_scores.paid_price_usd_per_mtok,
        priced_scores.value,
        priced_scores.is_lower_better,
        least(value_steps.lowest_price, coalesce(value_steps.lowest_price_of_better, value_steps.lowest_price)) as rival_price,
        priced_scores.price_usd_per_mtok = value_steps.lowest_price
        and coalesce(priced_scores.price_usd_per_mtok < value_steps.lowest_price_of_better, true) as is_pareto,
        coalesce(
            priced_scores.paid_price_usd_per_mtok = value_steps.lowest_paid_price
            and coalesce(priced_scores.paid_price_usd_per_mtok < value_steps.lowest_paid_price_of_better, true),
            false
        ) as is_pareto_paid
    from priced_scores
    inner join value_steps
        on
            priced_scores.benchmark_id = value_steps.benchmark_id
            and priced_scores.goodness = value_steps.goodness
),

-- a model that is dominated is dominated by one on the frontier: at each price, one value is
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
        and judged_scores.rival_price = frontier_models.price_usd_per_mtok;

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

-- Price against score, for each model and comparable benchmark: the model's cheapest price, the
-- model's value on the benchmark, and whether the model is on the Pareto frontier of price and
-- value.
-- Grain: model_id, benchmark_id. Only models with an available priced offer and a score on the
-- benchmark.
-- Order: count(*) over (partition by benchmark_id) desc, benchmark_id, is_pareto desc,
-- price_usd_per_mtok, model_id.
-- Reads: marts.offers, marts.scores, staging.is_pareto.
create or replace view marts.price_performance as
with
priced_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        price_rank,
        is_free,
        blended_usd_per_mtok
    from marts.offers
    where price_rank is not null
),

cheapest_offers as (
    select
        model_id,
        provider_id,
        blended_usd_per_mtok
    from priced_offers
    where price_rank = 1
    qualify row_number() over (partition by model_id order by provider_id, offer_number) = 1
),

cheapest_paid_offers as (
    select
        model_id,
        min(blended_usd_per_mtok) as blended_usd_per_mtok
    from priced_offers
    where not is_free
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

best_values as (
    select
        benchmark_id,
        price_usd_per_mtok,
        max(directed_value) as directed_value
    from priced_scores
    group by
        benchmark_id,
        price_usd_per_mtok
),

frontier_points as (
    select
        benchmark_id,
        price_usd_per_mtok,
        directed_value
    from best_values
    qualify staging.is_pareto(benchmark_id, price_usd_per_mtok, directed_value)
),

paid_best_values as (
    select
        benchmark_id,
        paid_price_usd_per_mtok,
        max(directed_value) as directed_value
    from priced_scores
    where paid_price_usd_per_mtok is not null
    group by
        benchmark_id,
        paid_price_usd_per_mtok
),

paid_frontier_points as (
    select
        benchmark_id,
        paid_price_usd_per_mtok,
        directed_value
    from paid_best_values
    qualify staging.is_pareto(benchmark_id, paid_price_usd_per_mtok, directed_value)
),

frontier_models as (
    select
        frontier_points.benchmark_id,
        frontier_points.price_usd_per_mtok,
        frontier_points.directed_value,
        min(priced_scores.model_id) as model_id
    from priced_scores
    inner join frontier_points
        on
            priced_scores.benchmark_id = frontier_points.benchmark_id
            and priced_scores.price_usd_per_mtok = frontier_points.price_usd_per_mtok
            and priced_scores.directed_value = frontier_points.directed_value
    group by
        frontier_points.benchmark_id,
        frontier_points.price_usd_per_mtok,
        frontier_points.directed_value
),

-- Each frontier model, with the value of the next worse frontier model (-infinity for the worst
-- frontier model). A model with a value in between costs at least as much as the frontier model.
frontier_steps as (
    select
        benchmark_id,
        price_usd_per_mtok,
        directed_value,
        model_id,
        lag(directed_value, 1, cast('-infinity' as double)) over (
            partition by benchmark_id
            order by directed_value
        ) as next_worse_value
    from frontier_models
)

select
    priced_scores.model_id,
    priced_scores.benchmark_id,
    priced_scores.provider_id,
    priced_scores.price_usd_per_mtok,
    priced_scores.paid_price_usd_per_mtok,
    priced_scores.value,
    priced_scores.is_lower_better,
    case
        when priced_scores.price_usd_per_mtok > 0 and not priced_scores.is_lower_better
            then priced_scores.value / priced_scores.price_usd_per_mtok
    end as value_per_usd,
    dominating.model_id is null as is_pareto,
    paid_frontier_points.benchmark_id is not null as is_pareto_paid,
    dominating.model_id as dominated_by_model_id
from priced_scores
left join frontier_steps as dominating
    on
        priced_scores.benchmark_id = dominating.benchmark_id
        and priced_scores.directed_value <= dominating.directed_value
        and priced_scores.directed_value > dominating.next_worse_value
        and (
            priced_scores.price_usd_per_mtok > dominating.price_usd_per_mtok
            or priced_scores.directed_value < dominating.directed_value
        )
left join paid_frontier_points
    on
        priced_scores.benchmark_id = paid_frontier_points.benchmark_id
        and priced_scores.paid_price_usd_per_mtok = paid_frontier_points.paid_price_usd_per_mtok
        and priced_scores.directed_value = paid_frontier_points.directed_value;

comment on view marts.price_performance is 'One row per model and comparable benchmark: the model''s cheapest price, the model''s value on the benchmark, and whether the model is on the Pareto frontier of price and value. The price is the blended price of the cheapest available offer; for other weights see marts.pareto_frontier. A model with a free offer dominates every paid model with the same or a worse value; is_pareto_paid ignores free offers';
comment on column marts.price_performance.model_id is 'Id of a model with a price and a value';
comment on column marts.price_performance.benchmark_id is 'Id of a comparable benchmark; other benchmarks have no rows';
comment on column marts.price_performance.provider_id is 'Id of the provider of the cheapest available priced offer; in a tie, the first id in alphabetical order';
comment on column marts.price_performance.price_usd_per_mtok is 'Blended price of the cheapest available offer, in US dollars per million tokens; 0 if free';
comment on column marts.price_performance.paid_price_usd_per_mtok is 'Lowest blended price of the model''s available offers that are not free, in US dollars per million tokens; null if only free offers are available';
comment on column marts.price_performance.value is 'Value of the model on the benchmark, on the scale given in marts.benchmarks';
comment on column marts.price_performance.value_per_usd is 'Value divided by the price in US dollars per million tokens; comparable only within the benchmark; null if the price is 0 or a lower value is better';
comment on column marts.price_performance.is_pareto is 'True if no other model dominates this model, see dominated_by_model_id. Models with equal price and value get the same result';
comment on column marts.price_performance.is_pareto_paid is 'Like is_pareto, but computed from paid_price_usd_per_mtok, without free offers; false for a model with only free offers';
comment on column marts.price_performance.dominated_by_model_id is 'Cheapest model that dominates this model: at least as good in both price and value, and better in one of them. In a tie, the model with the best value, then the first id in alphabetical order. Null if this model is on the frontier';

-- Price against score, for each model and comparable benchmark: the model's cheapest price, the
-- model's value on the benchmark, and whether the model is on the Pareto frontier of price and
-- value.
-- Grain: model_id, benchmark_id. Only models with an available priced offer and a score on the
-- benchmark.
-- Order: count(*) over (partition by benchmark_id) desc, benchmark_id, is_pareto desc,
-- price_usd_per_mtok, model_id.
-- Reads: staging.price_frontiers.
create or replace view marts.price_performance as
select
    model_id,
    benchmark_id,
    provider_id,
    price_usd_per_mtok,
    paid_price_usd_per_mtok,
    is_suspect,
    is_paid_price_suspect,
    value,
    is_lower_better,
    case
        when price_usd_per_mtok > 0 and not is_lower_better then value / price_usd_per_mtok
    end as value_per_usd,
    is_pareto,
    is_pareto_paid,
    dominated_by_model_id,
    priced_model_count
from staging.price_frontiers('benchmark');

comment on view marts.price_performance is 'One row per model and comparable benchmark: the model''s cheapest price, the model''s value on the benchmark, and whether the model is on the Pareto frontier of price and value. The price is the blended price of the cheapest available offer; the macro marts.pareto_frontier accepts other weights of input and output price. Models need different numbers of tokens for the same task, so a price per token is not the price of an answer. A model with a free offer dominates every paid model with the same or a worse value; is_pareto_paid ignores free offers';
comment on column marts.price_performance.model_id is 'Id of a model with an available priced offer and a value on the benchmark';
comment on column marts.price_performance.benchmark_id is 'Id of a benchmark whose values can be compared; other benchmarks have no rows';
comment on column marts.price_performance.provider_id is 'Id of the provider of the cheapest available priced offer; in a tie, the first id in alphabetical order';
comment on column marts.price_performance.price_usd_per_mtok is 'Blended price of the cheapest available offer, in US dollars per million tokens; 0 if free';
comment on column marts.price_performance.paid_price_usd_per_mtok is 'Lowest blended price of the model''s available offers that are not free, in US dollars per million tokens; null if only free offers are available';
comment on column marts.price_performance.value is 'Value of the model on the benchmark, on the scale given in marts.benchmarks';
comment on column marts.price_performance.is_lower_better is 'True if a smaller value is better, as for a word error rate';
comment on column marts.price_performance.value_per_usd is 'Value divided by the price in US dollars per million tokens; comparable only within the benchmark; null if the price is 0 or a lower value is better';
comment on column marts.price_performance.is_suspect is 'True if a price of the cheapest offer looks wrong: see marts.offers.suspect_reason';
comment on column marts.price_performance.is_paid_price_suspect is 'True if a price of the cheapest paid offer looks wrong; null if only free offers are available';
comment on column marts.price_performance.is_pareto is 'True if no other model dominates this model, see dominated_by_model_id. Models with equal price and value get the same result';
comment on column marts.price_performance.is_pareto_paid is 'Like is_pareto, but computed from paid_price_usd_per_mtok, without free offers; false for a model with only free offers';
comment on column marts.price_performance.dominated_by_model_id is 'Cheapest model that dominates this model: at least as good in both price and value, and better in one of them. In a tie, the model with the best value, then the first id in alphabetical order. Null if this model is on the frontier';
comment on column marts.price_performance.priced_model_count is 'Number of models in this view for the benchmark';

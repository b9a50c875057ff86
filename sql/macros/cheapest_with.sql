-- The offers of models that reach a score, cheapest first: `from marts.cheapest_with('gpqa', 0.8)`.
-- Grain: model_id, provider_id, offer_number.
-- Reads: marts.offers, marts.scores.
-- Offers that are unavailable or have no price are excluded. `min_value` is the worst accepted
-- value: a minimum, or a maximum where lower is better.
create or replace macro marts.cheapest_with(benchmark, min_value) as table
select
    offers.model_id,
    offers.provider_id,
    offers.offer_number,
    offers.provider_name,
    offers.input_usd_per_mtok,
    offers.output_usd_per_mtok,
    offers.blended_usd_per_mtok,
    offers.is_free,
    offers.is_suspect,
    scores.value,
    scores.evidence
from marts.scores as scores
inner join marts.offers as offers on scores.model_id = offers.model_id
where
    scores.benchmark_id = benchmark
    and scores.is_comparable
    and offers.price_rank is not null
    and case
        when scores.is_lower_better then scores.value <= min_value
        else scores.value >= min_value
    end
order by
    offers.blended_usd_per_mtok,
    offers.model_id,
    offers.provider_id,
    offers.offer_number;

comment on macro table marts.cheapest_with is 'The available priced offers of every model that reaches `min_value` on a benchmark, ordered by blended price, cheapest first. Where lower is better, `min_value` is a maximum. `benchmark` is a benchmark_id; `min_value` is on the scale given in marts.benchmarks. Empty if the benchmark is not comparable. If is_suspect is true, a price of the offer looks wrong: see marts.offers.suspect_reason. A price per token is not the price of an answer, because models need different numbers of tokens for the same task. In an attached database, run `use <its name>` first';

-- The cost of given numbers of input and output tokens at every offer:
-- `from marts.workload_cost(10000000, 2000000) where model_id = '…'`.
-- Grain: model_id, provider_id, offer_number. Only available priced offers.
-- Reads: marts.offers, staging.round_significant.
-- Costs are rounded before they are ranked, because floating-point errors must not break ties.
create or replace macro marts.workload_cost(input_tokens, output_tokens) as table
with costed_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        provider_name,
        input_usd_per_mtok,
        output_usd_per_mtok,
        staging.round_significant(
            input_usd_per_mtok * cast(input_tokens as double) / 1000000
        ) as input_cost_usd,
        staging.round_significant(
            output_usd_per_mtok * cast(output_tokens as double) / 1000000
        ) as output_cost_usd,
        staging.round_significant(
            (
                input_usd_per_mtok * cast(input_tokens as double)
                + output_usd_per_mtok * cast(output_tokens as double)
            ) / 1000000
        ) as cost_usd,
        is_suspect,
        suspect_reason
    from marts.offers
    where price_rank is not null
)

select
    model_id,
    provider_id,
    offer_number,
    provider_name,
    input_usd_per_mtok,
    output_usd_per_mtok,
    input_cost_usd,
    output_cost_usd,
    cost_usd,
    rank() over (order by cost_usd) as cost_rank,
    rank() over (partition by model_id order by cost_usd) as model_cost_rank,
    is_suspect,
    suspect_reason
from costed_offers
order by
    cost_rank,
    model_id,
    provider_id,
    offer_number;

comment on macro table marts.workload_cost is 'The cost in US dollars of given numbers of input and output tokens at every available priced offer, cheapest first. cost_rank is the rank among all offers, and model_cost_rank is the rank among the offers of the model; equal costs share a rank. Costs of at least 1e-11 are rounded to 12 significant digits before they are ranked. The prices are list prices, without discounts for cached or batched tokens. The same numbers of tokens do not mean the same work, because models need different numbers of tokens for the same task. If is_suspect is true, a price of the offer looks wrong: see suspect_reason. In an attached database, run `use <its name>` first';

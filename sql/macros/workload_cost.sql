-- The cost of given numbers of input and output tokens at every offer:
-- `from marts.workload_cost(10000000, 2000000) where model_id = '…'`.
-- Grain: model_id, provider_id, offer_number. Only available priced offers.
-- Reads: marts.offers, staging.round_significant.
-- Models need different numbers of tokens for the same task; this is not taken into account.
-- Ranks compare the rounded costs: costs that differ only in floating-point errors share a rank.
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

comment on macro table marts.workload_cost is 'The cost in US dollars of given numbers of input and output tokens at every available priced offer, cheapest first. cost_rank is the rank among all offers, and model_cost_rank is the rank among the offers of the model; equal costs share a rank. Costs are rounded to 12 significant digits before they are compared; costs below 1e-11 are not rounded. The prices are list prices, without discounts for cached or batched tokens. Models need different numbers of tokens for the same task, so the same numbers of tokens do not mean the same work. If is_suspect is true, a price of the offer looks wrong: see suspect_reason. In an attached database, run `use <its name>` first';

-- What each team's tokens cost per month at the cheapest provider of the model.
-- A model without an available priced offer has no provider and no cost.
select
    tokens.team,
    tokens.model_id,
    offers.provider_id,
    (
        tokens.input_tokens * offers.input_usd_per_mtok
        + tokens.output_tokens * offers.output_usd_per_mtok
    ) / 1e6 as cost_usd
from {{ ref('monthly_tokens') }} as tokens
left join {{ source('llm_stats', 'offers') }} as offers
    on tokens.model_id = offers.model_id and offers.price_rank is not null
qualify
    row_number() over (
        partition by tokens.team, tokens.model_id order by cost_usd, offers.provider_id
    ) = 1

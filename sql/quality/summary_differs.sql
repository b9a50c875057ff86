-- A model whose summary in the catalog disagrees with its record. Models in
-- staging.summaries_ahead are excluded: their summary is newer, so a difference is expected.
-- Unreadable facts are null and are not compared.
-- Reads: staging.detail_models, staging.catalog_models, staging.detail_offers,
-- staging.catalog_offers, staging.summaries_ahead, staging.offer_hash.
with
compared_models as (
    select details.model_id
    from staging.detail_models as details
    inner join staging.catalog_models as summaries on details.model_id = summaries.model_id
    left join staging.summaries_ahead on details.model_id = summaries_ahead.model_id
    where summaries_ahead.model_id is null
),

signed_offers as (
    select
        model_id,
        provider_id,
        staging.offer_hash(
            provider_name, status, input_usd_per_mtok, output_usd_per_mtok
        ) as row_hash,
        1 as sign
    from staging.detail_offers
    union all
    select
        model_id,
        provider_id,
        staging.offer_hash(
            provider_name, status, input_usd_per_mtok, output_usd_per_mtok
        ) as row_hash,
        -1 as sign
    from staging.catalog_offers
),

unequal_offers as (
    select
        model_id,
        provider_id,
        row_hash
    from signed_offers
    group by
        model_id,
        provider_id,
        row_hash
    having sum(sign) <> 0
)

select
    compared_models.model_id,
    'facts in the catalog differ from the record, which is used' as detail
from compared_models
inner join staging.detail_models as details on compared_models.model_id = details.model_id
inner join staging.catalog_models as summaries on compared_models.model_id = summaries.model_id
where
    details.model_name is distinct from summaries.model_name
    or details.organization_id is distinct from summaries.organization_id
    or details.license_id is distinct from summaries.license_id
    or details.is_open_weight is distinct from summaries.is_open_weight
    or (
        details.context_window_tokens is distinct from summaries.context_window_tokens
        and (details.unreadable ->> 'context_window') is null
        and (summaries.unreadable ->> 'context_window') is null
    )
    or (
        details.param_count is distinct from summaries.param_count
        and (details.unreadable ->> 'param_count') is null
        and (summaries.unreadable ->> 'param_count') is null
    )
    or (
        details.release_date is distinct from summaries.release_date
        and (details.unreadable ->> 'release_date') is null
        and (summaries.unreadable ->> 'release_date') is null
    )
union all
select distinct
    compared_models.model_id,
    'offers of ' || unequal_offers.provider_id
    || ' in the catalog differ from the record, which is used' as detail
from compared_models
inner join unequal_offers on compared_models.model_id = unequal_offers.model_id;

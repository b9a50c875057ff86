-- Facts of each model, and how many offers and benchmarks it has.
-- Grain: model_id.
-- Order: release_date desc nulls last, model_id.
-- Reads: staging.models, staging.modalities, staging.scores, marts.offers.
-- Names are for display: two models may have the same name. offer_count includes unavailable
-- offers; marts.model_prices counts only available offers with both prices.
create or replace view marts.models as
with
listed_modalities as (
    select
        model_id,
        array_agg(distinct modality order by modality) as modalities
    from staging.modalities
    group by model_id
),

counted_offers as (
    select
        model_id,
        count(*) as offer_count
    from marts.offers
    group by model_id
),

counted_benchmarks as (
    select
        model_id,
        count(distinct benchmark_id) as benchmark_count
    from staging.scores
    group by model_id
)

select
    models.model_id,
    models.model_name,
    models.model_description,
    models.model_type,
    models.organization_id,
    models.organization_name,
    models.family_id,
    models.family_name,
    models.license_id,
    models.license_name,
    models.allow_commercial,
    models.is_open_weight,
    listed_modalities.modalities,
    models.context_window_tokens,
    models.param_count,
    models.release_date,
    coalesce(counted_offers.offer_count, 0) as offer_count,
    coalesce(counted_benchmarks.benchmark_count, 0) as benchmark_count,
    models.is_served_by_gateway,
    models.upstream_url,
    models.api_ref_url,
    models.paper_url,
    models.weights_url,
    models.repo_url,
    models.upstream_created_at,
    models.upstream_updated_at,
    models.fetched_at
from staging.models as models
left join listed_modalities on models.model_id = listed_modalities.model_id
left join counted_offers on models.model_id = counted_offers.model_id
left join counted_benchmarks on models.model_id = counted_benchmarks.model_id;

comment on view marts.models is 'One row per model: its facts as last fetched, and how many offers and benchmarks it has';
comment on column marts.models.modalities is 'Kinds of input and output, without duplicates, in alphabetical order; null if none is given';
comment on column marts.models.offer_count is 'Number of current offers, available or not; 0 if there are none';
comment on column marts.models.benchmark_count is 'Number of benchmarks on which the model has a score; 0 if there are none';

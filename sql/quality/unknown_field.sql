-- A field that the record contract does not define.
-- Reads: staging.models, staging.offers, staging.scores, staging.provider_label,
-- staging.benchmark_label.
select
    model_id,
    'record: ' || left(cast(extra as varchar), 200) as detail
from staging.models
where extra is not null
union all
select distinct
    model_id,
    staging.provider_label(provider_id) || left(cast(extra as varchar), 200) as detail
from staging.offers
where extra is not null
union all
select distinct
    model_id,
    staging.benchmark_label(benchmark_id) || left(cast(extra as varchar), 200) as detail
from staging.scores
where extra is not null;

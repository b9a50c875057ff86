-- A model that has the same name as another model.
-- Reads: staging.models.
with shared_names as (
    select
        model_name,
        count(*) as model_count
    from staging.models
    group by model_name
    having count(*) > 1
)

select
    models.model_id,
    'one of ' || cast(shared_names.model_count as varchar)
    || ' models called "' || shared_names.model_name || '"' as detail
from staging.models as models
inner join shared_names on models.model_name = shared_names.model_name;

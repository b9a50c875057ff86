create or replace view marts.freshness as
select model_id from staging.models
union all
select model_id from staging.models;

-- When the offers and the scores of each model were first and last seen.
-- Grain: model_id.
-- Order: offers_last_seen_at desc, model_id.
-- Reads: staging.last_load, staging.models, staging.detail_models.
-- Offers are seen in records and in the catalog, scores only in records. Because of an outdated
-- cache or a wrong clock, a record can have an earlier fetch time than the previous record. The
-- times in this table never decrease. history.offers and history.scores use these times, so that no
-- period ends before it begins.
create table if not exists history.models (
    model_id varchar not null,
    offers_first_seen_at timestamp not null,
    offers_last_seen_at timestamp not null,
    offers_load_id varchar,
    scores_first_seen_at timestamp,
    scores_last_seen_at timestamp,
    scores_load_id varchar
);

update history.models
set
    offers_last_seen_at = greatest(models.offers_last_seen_at, written.seen_at),
    offers_load_id = written.load_id
from (
    select
        seen.model_id,
        seen.seen_at,
        last_load.load_id
    from staging.models as seen
    inner join staging.last_load
        on
            seen.load_id = last_load.load_id
            or seen.catalog_load_id = last_load.load_id
) as written
where models.model_id = written.model_id;

insert into history.models (
    model_id,
    offers_first_seen_at,
    offers_last_seen_at,
    offers_load_id
)
select
    seen.model_id,
    seen.seen_at as offers_first_seen_at,
    seen.seen_at as offers_last_seen_at,
    coalesce(seen.catalog_load_id, seen.load_id) as offers_load_id
from staging.models as seen
left join history.models as known on seen.model_id = known.model_id
where known.model_id is null;

update history.models
set
    scores_first_seen_at = coalesce(models.scores_first_seen_at, seen.fetched_at),
    scores_last_seen_at = greatest(models.scores_last_seen_at, seen.fetched_at),
    scores_load_id = seen.load_id
from staging.detail_models as seen
where
    models.model_id = seen.model_id
    and models.scores_load_id is distinct from seen.load_id;

comment on table history.models is 'One row per model ever seen: when its offers and its scores were first and last seen';
comment on column history.models.offers_first_seen_at is 'When the offers were first seen (UTC); these first offers do not count as changes';
comment on column history.models.offers_last_seen_at is 'When the offers were last written, from a record or from a new summary (UTC); never decreases';
comment on column history.models.offers_load_id is 'Id of the load that last wrote the offers';
comment on column history.models.scores_first_seen_at is 'When the record was first fetched (UTC); the scores in this first record do not count as changes; null if the record was never fetched';
comment on column history.models.scores_last_seen_at is 'When the record was last fetched (UTC); never decreases; null if the record was never fetched';
comment on column history.models.scores_load_id is 'Id of the load that last wrote the record; null if the record was never fetched';

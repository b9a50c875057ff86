-- From schema version 4 to 5: summaries of the catalog, and separate times for offers and scores.

alter table raw.models add column summary_hash varchar;
alter table raw.fetches add column is_listed boolean;
alter table history.models rename column first_fetched_at to offers_first_seen_at;
alter table history.models rename column last_fetched_at to offers_last_seen_at;
alter table history.models add column offers_load_id varchar;
alter table history.models add column scores_first_seen_at timestamp;
alter table history.models add column scores_last_seen_at timestamp;
alter table history.models add column scores_load_id varchar;

update history.models
set
    scores_first_seen_at = offers_first_seen_at,
    scores_last_seen_at = offers_last_seen_at;

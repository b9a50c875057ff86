-- From schema version 5 to 6: a date, time or count that cannot be read is null, and the text that
-- the API sent is in the new column `unreadable`. A warehouse older than version 5 has no tables of
-- the catalog yet; the run creates these tables.

alter table raw.models add column unreadable json;
alter table raw.models__scores add column unreadable json;
alter table if exists raw.catalog_models add column unreadable json;
alter table raw.models alter column created_at drop not null;
alter table raw.models alter column updated_at drop not null;
alter table if exists raw.catalog_models alter column created_at drop not null;
alter table if exists raw.catalog_models alter column updated_at drop not null;
alter table raw.models__scores alter column scored_at drop not null;

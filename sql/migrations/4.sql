-- From schema version 3 to 4: open history rows keep a hash of what is compared.

alter table history.offers add column row_hash varchar;
alter table history.scores add column row_hash varchar;
alter table raw.sql_fingerprint add column engine_version varchar;

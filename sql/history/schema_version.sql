-- Schema version of this database. Readers accept only their own version. A run migrates a database
-- with an older version (sql/migrations).
-- Grain: one row.
-- Order: version.
-- Reads: nothing.
create table if not exists history.schema_version as select 7 as version;

comment on table history.schema_version is 'One row: the schema version of the raw and history tables';
comment on column history.schema_version.version is 'Number of the schema version; the first version is 1';

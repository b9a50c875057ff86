-- Id of the snapshot that this database holds. Every run that publishes stores a new id. Each table
-- macro contains the id of its database, and fails in a database with another id.
-- Grain: one row.
-- Order: snapshot_id.
-- Reads: nothing.
create table if not exists history.snapshot (snapshot_id varchar not null);

comment on table history.snapshot is 'One row: the id of the snapshot that this database holds';
comment on column history.snapshot.snapshot_id is 'Id of the snapshot, as listed by `llm-stats snapshots`; every run that publishes stores a new id';

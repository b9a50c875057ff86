-- Which layout the raw and history tables of this file have; a version of this project that knows another one refuses the file.
-- Grain: one row.
-- Reads: nothing.
create table if not exists history.layout as select 2 as version;

comment on table history.layout is 'One row: the layout of the raw and history tables of this file';
comment on column history.layout.version is 'Number of the layout, 1 for the first';

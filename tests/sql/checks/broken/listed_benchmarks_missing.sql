-- one alias of three
truncate staging.benchmark_aliases;
insert into staging.benchmark_aliases values ('b', 'b', 'x'), ('c', 'c', 'x'), ('gone', 'gone', 'x');
update marts.models set fetched_at = '2026-01-01';

-- one category of three
truncate staging.benchmark_categories;
insert into staging.benchmark_categories values ('b', 'code', 'x'), ('c', 'code', 'x'), ('gone', 'code', 'x');
update marts.models set fetched_at = '2026-01-01';

insert into history.table_rows values ('1', 'raw.models__scores', 100, '2026-01-01 12:00');

-- eleven of twenty rows lost
insert into history.row_counts values ('first', 'raw.x', 20, '2026-01-01'), ('second', 'raw.x', 9, '2026-01-02');

-- more than a fifth lost
insert into history.row_counts values ('first', 'raw.x', 100, '2026-01-01'), ('second', 'raw.x', 79, '2026-01-02');

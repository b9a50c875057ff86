-- a win rate above 1
update marts.scores set win_rate = 1.1 where model_id = 'm1' and benchmark_id = 'b';

-- a rank above the number of models
update marts.scores set benchmark_rank = 5 where model_id = 'm1' and benchmark_id = 'b';

-- a distance to the best below 0
update marts.scores set gap_to_best = -0.1 where model_id = 'm1' and benchmark_id = 'b';

-- an infinite value
update marts.scores set value = 'inf' where model_id = 'm1' and benchmark_id = 'b';

-- a missing value
update marts.scores set value = null where model_id = 'm1' and benchmark_id = 'b';

-- a share of verified scores above 1
update marts.benchmarks set verified_share = 1.1 where benchmark_id = 'b';

-- a share of self-reported scores above 1
update marts.benchmarks set self_reported_share = 1.1 where benchmark_id = 'b';

-- not comparable without a reason
update marts.benchmarks set is_comparable = false where benchmark_id = 'b';

-- a mean win rate below 0
update marts.leaderboard set mean_win_rate = -0.1 where model_id = 'm1' and category = 'math';

-- a rank on 2 benchmarks
update marts.leaderboard set benchmark_count = 2 where model_id = 'm1' and category = 'math';

-- on the frontier and dominated
update marts.price_performance set dominated_by_model_id = 'm2' where is_pareto;

-- a win rate below 0
update marts.scores set win_rate = -0.1 where model_id = 'm1' and benchmark_id = 'b';

-- a rank of 0
update marts.scores set benchmark_rank = 0 where model_id = 'm1' and benchmark_id = 'b';

-- a share of verified scores below 0
update marts.benchmarks set verified_share = -0.1 where benchmark_id = 'b';

-- a share of self-reported scores below 0
update marts.benchmarks set self_reported_share = -0.1 where benchmark_id = 'b';

-- a mean win rate above 1
update marts.leaderboard set mean_win_rate = 1.1 where model_id = 'm1' and category = 'math';

-- Each benchmark: how many models it compares, on which scale, who leads, and whether the comparison means anything.
-- Grain: benchmark_id.
-- Reads: marts.scores.
-- Not comparable: fewer than two models, or two units mixed on the raw scale (some values in 0 to 1, others above 1, and the largest more than
-- ten times the median of the former). One benchmark may have several ids upstream; they stay apart.
create or replace view marts.benchmarks as
with
summed_scores as (
    select
        benchmark_id,
        max(scale) as scale,
        bool_or(is_lower_better) as is_lower_better,
        count(*) as model_count,
        max(value) filter (where benchmark_rank = 1) as best_value,
        array_agg(model_id order by model_id) filter (where benchmark_rank = 1) as best_model_ids,
        median(value) as median_value,
        count(*) filter (where evidence = 'verified') as verified_count,
        count(*) filter (where evidence = 'self_reported') as self_reported_count,
        count(*) filter (where is_disputed) as disputed_count,
        max(value) as largest_value,
        median(value) filter (where value between 0 and 1) as median_fraction
    from marts.scores
    group by benchmark_id
),

-- a benchmark goes by the name and the category that most models give it
counted_names as (
    select
        benchmark_id,
        benchmark_name
    from marts.scores
    group by
        benchmark_id,
        benchmark_name
    qualify row_number() over (partition by benchmark_id order by count(*) desc, benchmark_name) = 1
),

counted_categories as (
    select
        benchmark_id,
        category
    from marts.scores
    where category is not null
    group by
        benchmark_id,
        category
    qualify row_number() over (partition by benchmark_id order by count(*) desc, category) = 1
),

judged_benchmarks as (
    select
        benchmark_id,
        scale,
        is_lower_better,
        model_count,
        best_value,
        best_model_ids,
        median_value,
        verified_count,
        self_reported_count,
        disputed_count,
        case
            when model_count < 2 then 'fewer than 2 models'
            when scale = 'raw' and largest_value > 1 and largest_value > 10 * median_fraction then 'values look like two units mixed'
        end as not_comparable_reason
    from summed_scores
)

select
    judged_benchmarks.benchmark_id,
    counted_names.benchmark_name,
    counted_categories.category,
    judged_benchmarks.model_count,
    judged_benchmarks.scale,
    judged_benchmarks.is_lower_better,
    judged_benchmarks.best_value,
    judged_benchmarks.best_model_ids,
    judged_benchmarks.median_value,
    cast(judged_benchmarks.verified_count as double) / judged_benchmarks.model_count as verified_share,
    cast(judged_benchmarks.self_reported_count as double) / judged_benchmarks.model_count as self_reported_share,
    judged_benchmarks.disputed_count,
    judged_benchmarks.not_comparable_reason is null as is_comparable,
    judged_benchmarks.not_comparable_reason
from judged_benchmarks
inner join counted_names on judged_benchmarks.benchmark_id = counted_names.benchmark_id
left join counted_categories on judged_benchmarks.benchmark_id = counted_categories.benchmark_id;

comment on view marts.benchmarks is 'One row per benchmark: how many models it compares, who leads, and whether it is comparable';
comment on column marts.benchmarks.benchmark_id is 'Benchmark; some ids hold quotes, brackets or arrows';
comment on column marts.benchmarks.benchmark_name is 'Display name that most models give the benchmark, then the first by alphabet; never a key';
comment on column marts.benchmarks.category is 'Category that most models give the benchmark, then the first by alphabet; null: none given';
comment on column marts.benchmarks.model_count is 'Models with a score on the benchmark';
comment on column marts.benchmarks.scale is 'What the values are: `normalized` (0 to 1) if every chosen score has a normalized one, else `raw` (the benchmark''s own unit)';
comment on column marts.benchmarks.is_lower_better is 'True if a smaller value is better, such as a word error rate';
comment on column marts.benchmarks.best_value is 'Best value on the scale: the smallest where lower is better';
comment on column marts.benchmarks.best_model_ids is 'Models with the best value, ties included, by id';
comment on column marts.benchmarks.median_value is 'Median of the values on the scale';
comment on column marts.benchmarks.verified_share is 'Share of the chosen scores that LLM Stats checked, 0 to 1';
comment on column marts.benchmarks.self_reported_share is 'Share of the chosen scores that rest on the model''s maker alone, 0 to 1';
comment on column marts.benchmarks.disputed_count is 'Models whose listed scores on the benchmark differ from one another';
comment on column marts.benchmarks.is_comparable is 'True if the values may be compared; others count in no leaderboard and in no price comparison';
comment on column marts.benchmarks.not_comparable_reason is 'Why the values may not be compared, in words; null: they may';

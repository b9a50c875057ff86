-- The chosen scores on one scale per benchmark, ranked within each evidence scope.
-- Grain: evidence_scope, model_id, benchmark_id.
-- Order: evidence_scope, benchmark_id, benchmark_rank, model_id.
-- Reads: staging.chosen_scores, staging.lower_is_better_benchmarks, staging.models,
-- staging.win_rate.
-- The scope `all` contains every chosen score. The scope `independent` excludes self-reported
-- scores. Scale, comparability and ranks are computed from the scores in the scope, so that
-- a self-reported score never changes the scope `independent`.
create or replace view staging.compared_scores as
with
scoped_scores as (
    select
        scopes.evidence_scope,
        scores.model_id,
        scores.benchmark_id,
        scores.evidence,
        scores.score,
        scores.normalized_score
    from staging.chosen_scores as scores
    inner join (values ('all'), ('independent')) as scopes (evidence_scope)
        on scopes.evidence_scope = 'all' or scores.evidence <> 'self_reported'
),

benchmark_scales as (
    select
        scores.evidence_scope,
        scores.benchmark_id,
        count(*) as model_count,
        count(distinct models.organization_id) as organization_count,
        bool_and(coalesce(scores.normalized_score between 0 and 1, false)) as is_normalized,
        max(scores.score) as largest_score,
        median(scores.score) filter (where scores.score between 0 and 1) as median_fraction
    from scoped_scores as scores
    inner join staging.models as models on scores.model_id = models.model_id
    group by
        scores.evidence_scope,
        scores.benchmark_id
),

judged_benchmarks as (
    select
        scales.evidence_scope,
        scales.benchmark_id,
        scales.model_count,
        scales.organization_count,
        case when scales.is_normalized then 'normalized' else 'raw' end as scale,
        lower_is_better.benchmark_id is not null as is_lower_better,
        case
            when scales.model_count < 2 then 'fewer than 2 models'
            when
                not scales.is_normalized
                and scales.largest_score > 1
                and scales.largest_score > 10 * scales.median_fraction
                then 'values look like two units mixed'
        end as not_comparable_reason
    from benchmark_scales as scales
    left join staging.lower_is_better_benchmarks as lower_is_better
        on scales.benchmark_id = lower_is_better.benchmark_id
),

valued_scores as (
    select
        scores.evidence_scope,
        scores.model_id,
        scores.benchmark_id,
        scores.evidence,
        benchmarks.model_count,
        benchmarks.organization_count,
        benchmarks.scale,
        benchmarks.is_lower_better,
        benchmarks.not_comparable_reason,
        case
            when benchmarks.scale = 'normalized' then scores.normalized_score
            else scores.score
        end as value
    from scoped_scores as scores
    inner join judged_benchmarks as benchmarks
        on
            scores.evidence_scope = benchmarks.evidence_scope
            and scores.benchmark_id = benchmarks.benchmark_id
),

directed_scores as (
    select
        evidence_scope,
        benchmark_id,
        case when is_lower_better then -value else value end as directed_value
    from valued_scores
),

-- For each distinct value on a benchmark: the number of models with this value, and the number of
-- models with this or a worse value.
value_places as (
    select
        evidence_scope,
        benchmark_id,
        directed_value,
        count(*) as tie_count,
        cast(sum(count(*)) over worst_first as bigint) as no_better_count,
        max(directed_value) over (
            partition by evidence_scope, benchmark_id
        ) as best_directed_value
    from directed_scores
    group by
        evidence_scope,
        benchmark_id,
        directed_value
    window worst_first as (
        partition by evidence_scope, benchmark_id
        order by directed_value
        rows between unbounded preceding and current row
    )
)

select
    scores.evidence_scope,
    scores.model_id,
    scores.benchmark_id,
    scores.evidence,
    scores.scale,
    scores.value,
    places.directed_value,
    scores.is_lower_better,
    scores.model_count - places.no_better_count + 1 as benchmark_rank,
    staging.win_rate(places.no_better_count, places.tie_count, scores.model_count) as win_rate,
    places.best_directed_value - places.directed_value as gap_to_best,
    scores.model_count,
    scores.organization_count,
    scores.not_comparable_reason,
    scores.not_comparable_reason is null
    and scores.model_count >= 3
    and scores.organization_count >= 2 as is_counted
from valued_scores as scores
inner join value_places as places
    on
        scores.evidence_scope = places.evidence_scope
        and scores.benchmark_id = places.benchmark_id
        and case when scores.is_lower_better then -scores.value else scores.value end
        = places.directed_value;

comment on view staging.compared_scores is 'One row per evidence scope, model and benchmark: the value on the benchmark''s scale, and its rank among the models of the scope';
comment on column staging.compared_scores.evidence_scope is '`all`: every chosen score; `independent`: only verified and third-party scores';
comment on column staging.compared_scores.benchmark_id is 'Benchmark id that the marts use: see staging.benchmark_aliases';
comment on column staging.compared_scores.evidence is 'Evidence for the score: `verified`, `third_party` or `self_reported`';
comment on column staging.compared_scores.scale is '`normalized`, or `raw` if any normalized score on the benchmark is missing or not between 0 and 1';
comment on column staging.compared_scores.value is 'Normalized or raw score, see `scale`';
comment on column staging.compared_scores.directed_value is 'The value, negated where lower is better';
comment on column staging.compared_scores.is_lower_better is 'True if a smaller value is better';
comment on column staging.compared_scores.benchmark_rank is 'Rank on the benchmark, 1 is best; equal values share a rank';
comment on column staging.compared_scores.win_rate is 'Share of the other models that the model beats; a tie counts as half a win; null if there is no other model';
comment on column staging.compared_scores.gap_to_best is 'Distance from the value to the best value, never negative';
comment on column staging.compared_scores.model_count is 'Number of models with a score on the benchmark in the scope';
comment on column staging.compared_scores.organization_count is 'Number of organizations with a model that has a score on the benchmark in the scope';
comment on column staging.compared_scores.not_comparable_reason is 'Why the values cannot be compared; null if they can be compared';
comment on column staging.compared_scores.is_counted is 'True if leaderboards use the benchmark: it is comparable, and at least three models of at least two organizations have a score on it';

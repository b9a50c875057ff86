-- One score for each model and benchmark, chosen from all listed scores, and its rank among the
-- models.
-- Grain: model_id, benchmark_id.
-- Order: is_comparable desc, model_count desc, benchmark_id, benchmark_rank, model_id.
-- Reads: staging.chosen_scores, staging.compared_scores.
create or replace view marts.scores as
select
    chosen.model_id,
    chosen.benchmark_id,
    chosen.upstream_benchmark_id,
    chosen.benchmark_name,
    chosen.category,
    compared.scale,
    compared.value,
    compared.is_lower_better,
    compared.benchmark_rank,
    compared.win_rate,
    compared.gap_to_best,
    compared.model_count,
    compared.not_comparable_reason is null as is_comparable,
    compared.not_comparable_reason,
    chosen.evidence,
    chosen.score_count,
    chosen.is_disputed,
    chosen.score,
    chosen.normalized_score,
    chosen.max_score,
    chosen.is_verified,
    chosen.is_self_reported,
    chosen.scored_at,
    chosen.api_rank,
    chosen.source_url
from staging.chosen_scores as chosen
inner join staging.compared_scores as compared
    on
        chosen.model_id = compared.model_id
        and chosen.benchmark_id = compared.benchmark_id
where compared.evidence_scope = 'all';

comment on view marts.scores is 'One row per model and benchmark: the chosen score, and its rank among the models. Verified scores are preferred, then third-party scores, then self-reported scores. Among scores with the same evidence, the newest is chosen, then the highest (even where lower is better), then the first in the record''s list. Compare `value`, never `score`, and only where is_comparable is true. Where is_comparable is false, rank and win rate are not meaningful. Models that left the catalog keep their scores and are included in ranks and win rates';
comment on column marts.scores.benchmark_id is 'Benchmark id; upstream may list the benchmark under several ids, see staging.benchmark_aliases';
comment on column marts.scores.upstream_benchmark_id is 'Upstream benchmark id of the chosen score; an alias if different from benchmark_id';
comment on column marts.scores.benchmark_name is 'Display name of the benchmark, from the chosen score; do not join or group by it';
comment on column marts.scores.category is 'Category of the benchmark, from the chosen score; null if none is given';
comment on column marts.scores.scale is 'Scale of `value`: `normalized` (0 to 1), or `raw` (the benchmark''s own unit) if any normalized score on the benchmark is missing or not between 0 and 1';
comment on column marts.scores.value is 'Result on the benchmark, on the scale given in `scale`. Use it to compare models on one benchmark; use win_rate to compare across benchmarks';
comment on column marts.scores.is_lower_better is 'True if a smaller value is better, as for a word error rate';
comment on column marts.scores.benchmark_rank is 'Rank among the models with a score on the benchmark, 1 is best; equal values share a rank';
comment on column marts.scores.win_rate is 'Share of the other models that this model beats on the benchmark; a tie counts as half a win; 1 is best, 0 is worst; null if there is no other model';
comment on column marts.scores.gap_to_best is 'Distance from `value` to the best value on the benchmark, never negative; 0 if this model has the best value';
comment on column marts.scores.model_count is 'Number of models with a score on the benchmark';
comment on column marts.scores.is_comparable is 'True if the values of the benchmark can be compared; if false, leaderboards and price comparisons exclude the benchmark';
comment on column marts.scores.not_comparable_reason is 'Why the values of the benchmark cannot be compared; null if they can be compared';
comment on column marts.scores.evidence is 'Evidence for the chosen score: `verified` (LLM Stats checked it), `third_party`, or `self_reported` (only the model''s maker)';
comment on column marts.scores.score_count is 'Number of scores listed for the model on this benchmark; a score that is listed under several categories counts once';
comment on column marts.scores.is_disputed is 'True if the listed scores of the model on the benchmark differ';
comment on column marts.scores.score is 'The chosen score in the benchmark''s own unit: fraction, percent, Elo, dollars';
comment on column marts.scores.normalized_score is 'The chosen score on a scale of 0 to 1; null if not published';

-- The benchmark scores that were true at a moment: `from marts.scores_as_of('2026-11-01')`.
-- Grain: model_id, benchmark_id, score_number. Every reported score is there, not one chosen per
-- benchmark.
-- Reads: history.scores, staging.to_utc.
-- For moments with a time zone see staging.to_utc.
create or replace macro marts.scores_as_of(moment) as table
select
    scores.model_id,
    scores.benchmark_id,
    scores.score_number,
    scores.benchmark_name,
    scores.score,
    scores.max_score,
    scores.normalized_score,
    scores.is_self_reported,
    scores.is_verified,
    scores.source_url,
    scores.valid_from,
    scores.valid_to
from history.scores
where
    scores.valid_from <= staging.to_utc(moment)
    and (scores.valid_to > staging.to_utc(moment) or scores.valid_to is null);

comment on macro table marts.scores_as_of is 'The benchmark scores that were true at a moment, every one that was listed. `moment` is UTC unless it carries an offset, such as now() or `2026-11-01 12:00+09:00`; a date is the midnight at which it begins. What a model scored is what it did when last fetched before then; nothing is known of the time before its first load';

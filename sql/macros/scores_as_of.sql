-- The benchmark scores that were valid at a time: `from marts.scores_as_of('2026-11-01')`.
-- Grain: model_id, upstream_benchmark_id, score_number. All listed scores;
-- staging.chosen_scores keeps only one per model and benchmark.
-- Reads: history.scores, staging.benchmark_aliases, staging.to_utc.
-- staging.to_utc describes how a time with a zone is interpreted.
create or replace macro marts.scores_as_of(moment) as table
select
    scores.model_id,
    coalesce(aliases.benchmark_id, scores.benchmark_id) as benchmark_id,
    scores.benchmark_id as upstream_benchmark_id,
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
from history.scores as scores
left join staging.benchmark_aliases as aliases on scores.benchmark_id = aliases.alias
where
    scores.valid_from <= staging.to_utc(moment)
    and (scores.valid_to > staging.to_utc(moment) or scores.valid_to is null);

comment on macro table marts.scores_as_of is 'All benchmark scores that were listed at `moment`. The scores of a model are those found by the last fetch before `moment`; a model that was first fetched later has no rows. A `moment` without an offset is in UTC. An offset, as in `2026-11-01 12:00+09:00`, is applied. A date means the start of that day. In an attached database, run `use <its name>` first';

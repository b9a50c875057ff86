-- Changes of benchmark scores, and when each was found.
-- Grain: model_id, upstream_benchmark_id, score_number, changed_at, kind. If a score is corrected
-- and verified at the same time, there are two rows.
-- Order: changed_at desc, model_id, benchmark_id, upstream_benchmark_id, score_number, kind.
-- Reads: staging.transitions, staging.benchmark_aliases, history.scores.
-- history.scores also records new sources, new names and withdrawn verifications. This view does
-- not list them. New categories are not recorded.
create or replace view marts.score_changes as
with
changes as (
    select
        transitions.model_id,
        transitions.item_id as benchmark_id,
        transitions.item_number as score_number,
        coalesce(new_scores.benchmark_name, old_scores.benchmark_name) as benchmark_name,
        transitions.changed_at,
        old_scores.score as old_score,
        new_scores.score as new_score,
        old_scores.max_score as old_max_score,
        new_scores.max_score as new_max_score,
        old_scores.normalized_score as old_normalized_score,
        new_scores.normalized_score as new_normalized_score,
        unnest([
            case
                when transitions.old_valid_from is null then 'added'
                when transitions.new_valid_from is null then 'withdrawn'
                when
                    old_scores.score is distinct from new_scores.score
                    or old_scores.max_score is distinct from new_scores.max_score
                    or old_scores.normalized_score is distinct from new_scores.normalized_score
                    then 'corrected'
            end,
            case when new_scores.is_verified and not old_scores.is_verified then 'verified' end
        ]) as kind
    from staging.transitions() as transitions
    left join history.scores as old_scores
        on
            transitions.model_id = old_scores.model_id
            and transitions.item_id = old_scores.benchmark_id
            and transitions.item_number = old_scores.score_number
            and transitions.old_valid_from = old_scores.valid_from
    left join history.scores as new_scores
        on
            transitions.model_id = new_scores.model_id
            and transitions.item_id = new_scores.benchmark_id
            and transitions.item_number = new_scores.score_number
            and transitions.new_valid_from = new_scores.valid_from
    where transitions.list = 'scores'
)

select
    changes.model_id,
    coalesce(aliases.benchmark_id, changes.benchmark_id) as benchmark_id,
    changes.benchmark_id as upstream_benchmark_id,
    changes.score_number,
    changes.benchmark_name,
    changes.changed_at,
    changes.kind,
    changes.old_score,
    changes.new_score,
    changes.old_max_score,
    changes.new_max_score,
    changes.old_normalized_score,
    changes.new_normalized_score
from changes
left join staging.benchmark_aliases as aliases on changes.benchmark_id = aliases.alias
where changes.kind is not null;

comment on view marts.score_changes is 'One row per change (added, withdrawn, corrected or verified) of a benchmark score. The scores in a model''s first fetched record are not listed as added';
comment on column marts.score_changes.upstream_benchmark_id is 'Upstream benchmark id; an alias if different from benchmark_id';
comment on column marts.score_changes.benchmark_name is 'Display name of the benchmark after the change; for a withdrawn score, before the change';
comment on column marts.score_changes.changed_at is 'When a fetch of the record found the change (UTC); the change happened after the previous fetch of the record';
comment on column marts.score_changes.kind is 'Kind of change: `added`, `withdrawn`, `corrected` (the score, maximum or normalized score changed) or `verified` (by LLM Stats)';
comment on column marts.score_changes.old_score is 'Score before the change, in the benchmark''s own unit; null if there was no score';
comment on column marts.score_changes.new_score is 'Score after the change, in the benchmark''s own unit; null if there was no score';
comment on column marts.score_changes.old_max_score is 'Published maximum before the change; null if there was no score';
comment on column marts.score_changes.new_max_score is 'Published maximum after the change; null if there was no score';
comment on column marts.score_changes.old_normalized_score is 'Score before the change, on a scale of 0 to 1; null if not published or if there was no score';
comment on column marts.score_changes.new_normalized_score is 'Score after the change, on a scale of 0 to 1; null if not published or if there was no score';

-- What changed in the benchmark scores, and when it was found.
-- Grain: model_id, benchmark_id, score_number, changed_at, kind. A score that is corrected and
-- verified at once has two rows.
-- Order: changed_at desc, model_id, benchmark_id, score_number, kind.
-- Reads: staging.transitions, history.scores.
-- Another source or name, and a verification that is taken back, are in the history but are not a
-- kind
-- of change. Another category is not even in the history. The change itself happened at some time
-- between `changed_at` and the fetch
-- before it.
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
    model_id,
    benchmark_id,
    score_number,
    benchmark_name,
    changed_at,
    kind,
    old_score,
    new_score,
    old_max_score,
    new_max_score,
    old_normalized_score,
    new_normalized_score
from changes
where kind is not null;

comment on view marts.score_changes is 'One row per change of a benchmark score since its model was first loaded: added, withdrawn, corrected, verified. What a model scored when it was first loaded is no change';
comment on column marts.score_changes.benchmark_name is 'Display name of the benchmark after the change, or before the score went';
comment on column marts.score_changes.changed_at is 'When the change was found (UTC); it happened since the fetch before';
comment on column marts.score_changes.kind is '`added`, `withdrawn`, `corrected` (another score, maximum or normalized score) or `verified` (by LLM Stats)';
comment on column marts.score_changes.old_score is 'Result in the benchmark''s own unit before; null: there was none';
comment on column marts.score_changes.new_score is 'Result in the benchmark''s own unit after; null: there is none any more';
comment on column marts.score_changes.old_max_score is 'Published maximum before; null: there was no score';
comment on column marts.score_changes.new_max_score is 'Published maximum after; null: there is no score any more';
comment on column marts.score_changes.old_normalized_score is 'Result on a scale of 0 to 1 before; null: not published, or there was no score';
comment on column marts.score_changes.new_normalized_score is 'Result on a scale of 0 to 1 after; null: not published, or there is no score any more';

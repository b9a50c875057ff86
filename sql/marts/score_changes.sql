-- What changed in the benchmark scores, and when it was found.
-- Grain: model_id, benchmark_id, score_number, changed_at, kind. When a score is corrected and verified at once there are two rows.
-- Reads: history.models, history.scores.
-- Another category, source or name, and a verification that is taken back, are in the history but are no kind of change. The change itself
-- happened at some time between `changed_at` and the fetch before it.
create or replace view marts.score_changes as
with versions as (
    select
        scores.model_id,
        scores.benchmark_id,
        scores.score_number,
        scores.benchmark_name,
        scores.category,
        scores.score,
        scores.max_score,
        scores.normalized_score,
        scores.is_verified,
        scores.valid_from,
        scores.valid_to,
        models.first_fetched_at
    from history.scores as scores
    inner join history.models as models on scores.model_id = models.model_id
),

neighbours as (
    select
        model_id,
        benchmark_id,
        score_number,
        benchmark_name,
        category,
        score,
        max_score,
        normalized_score,
        is_verified,
        valid_from,
        valid_to,
        first_fetched_at,
        lag(score) over score_in_time as previous_score,
        lag(max_score) over score_in_time as previous_max_score,
        lag(normalized_score) over score_in_time as previous_normalized_score,
        lag(is_verified) over score_in_time as previous_is_verified,
        coalesce(lag(valid_to) over score_in_time = valid_from, false) as has_previous,
        coalesce(lead(valid_from) over score_in_time = valid_to, false) as has_next
    from versions
    window score_in_time as (
        partition by model_id, benchmark_id, score_number
        order by valid_from
    )
),

transitions as (
    select
        model_id,
        benchmark_id,
        score_number,
        benchmark_name,
        category,
        valid_from as changed_at,
        has_previous as was_listed,
        true as is_listed,
        case when has_previous then previous_score end as old_score,
        score as new_score,
        case when has_previous then previous_max_score end as old_max_score,
        max_score as new_max_score,
        case when has_previous then previous_normalized_score end as old_normalized_score,
        normalized_score as new_normalized_score,
        has_previous and is_verified and not previous_is_verified as is_newly_verified
    from neighbours
    where valid_from > first_fetched_at
    union all
    select
        model_id,
        benchmark_id,
        score_number,
        benchmark_name,
        category,
        valid_to as changed_at,
        true as was_listed,
        false as is_listed,
        score as old_score,
        null as new_score,
        max_score as old_max_score,
        null as new_max_score,
        normalized_score as old_normalized_score,
        null as new_normalized_score,
        false as is_newly_verified
    from neighbours
    where valid_to is not null and not has_next
)

select
    transitions.model_id,
    transitions.benchmark_id,
    transitions.score_number,
    transitions.benchmark_name,
    transitions.category,
    transitions.changed_at,
    kinds.kind,
    transitions.old_score,
    transitions.new_score,
    transitions.old_max_score,
    transitions.new_max_score,
    transitions.old_normalized_score,
    transitions.new_normalized_score
from transitions
inner join (values ('added'), ('withdrawn'), ('corrected'), ('verified')) as kinds (kind)
    on
        case kinds.kind
            when 'added' then not transitions.was_listed
            when 'withdrawn' then not transitions.is_listed
            when 'verified' then transitions.is_newly_verified
            when 'corrected'
                then
                    transitions.was_listed
                    and transitions.is_listed
                    and (
                        transitions.old_score is distinct from transitions.new_score
                        or transitions.old_max_score is distinct from transitions.new_max_score
                        or transitions.old_normalized_score is distinct from transitions.new_normalized_score
                    )
        end;

comment on view marts.score_changes is 'One row per change of a benchmark score since its model was first loaded: added, withdrawn, corrected, verified. What a model scored when it was first loaded is no change';
comment on column marts.score_changes.benchmark_name is 'Display name of the benchmark after the change, or before the score went';
comment on column marts.score_changes.category is 'Category of the benchmark after the change, or before the score went; null: none given';
comment on column marts.score_changes.changed_at is 'When the change was found (UTC); it happened since the fetch before';
comment on column marts.score_changes.kind is '`added`, `withdrawn`, `corrected` (another score, maximum or normalized score) or `verified` (by LLM Stats)';
comment on column marts.score_changes.old_score is 'Result in the benchmark''s own unit before; null: there was none';
comment on column marts.score_changes.new_score is 'Result in the benchmark''s own unit after; null: there is none any more';
comment on column marts.score_changes.old_max_score is 'Published maximum before; null: there was no score';
comment on column marts.score_changes.new_max_score is 'Published maximum after; null: there is no score any more';
comment on column marts.score_changes.old_normalized_score is 'Result on a scale of 0 to 1 before; null: not published, or there was no score';
comment on column marts.score_changes.new_normalized_score is 'Result on a scale of 0 to 1 after; null: not published, or there is no score any more';

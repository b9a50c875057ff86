-- The benchmark scores that were true at a moment: `from marts.scores_as_of('2026-11-01')`.
-- Grain: model_id, benchmark_id, score_number. Every reported score is there, not one chosen per benchmark.
-- Reads: history.scores.
-- A value with a time zone, such as now(), is converted, and so is a text with an offset; the name of a zone in a text is ignored.
create or replace macro marts.scores_as_of(moment) as table
with asked as (
    select
        case
            when
                typeof(moment) in ('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ_NS')
                or regexp_matches(cast(moment as varchar), ':.*([+-][0-9:]+|Z)$')
                then cast(moment as timestamptz) at time zone 'UTC'
            else cast(moment as timestamp)
        end as moment_at
)

select
    scores.model_id,
    scores.benchmark_id,
    scores.score_number,
    scores.benchmark_name,
    scores.category,
    scores.score,
    scores.max_score,
    scores.normalized_score,
    scores.is_self_reported,
    scores.is_verified,
    scores.source_url,
    scores.valid_from,
    scores.valid_to
from history.scores
inner join asked
    on
        scores.valid_from <= asked.moment_at
        and (scores.valid_to > asked.moment_at or scores.valid_to is null);

comment on macro table marts.scores_as_of is 'The benchmark scores that were true at a moment, every one that was listed. `moment` is UTC unless it carries an offset, such as now() or `2026-11-01 12:00+09:00`; a date is the midnight at which it begins. What a model scored is what it did when last fetched before then; nothing is known of the time before its first load';

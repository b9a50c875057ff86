-- A date, time or count that could not be read and is null, or a text in which a lone surrogate
-- (half of a UTF-16 pair) was replaced; with the text that the API sent.
-- Reads: staging.models, staging.scores, staging.benchmark_label.
with
unreadable_fields as (
    select
        model_id,
        'record: ' as subject,
        unreadable,
        unnest(json_keys(unreadable)) as field
    from staging.models
    where unreadable is not null
    union all
    select
        model_id,
        staging.benchmark_label(benchmark_id) as subject,
        unreadable,
        unnest(json_keys(unreadable)) as field
    from staging.scores
    where unreadable is not null
)

select distinct
    model_id,
    subject || 'unreadable ' || cast(field as varchar)
    || ': "' || left(unreadable ->> field, 200) || '"' as detail
from unreadable_fields;

-- A value that could not be read, with the text that the API sent. A date, time or count is null.
-- In a text, lone surrogates (halves of UTF-16 pairs) are replaced.
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

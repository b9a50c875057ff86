-- A value that could not be read, with the text that the API sent. In the views,
-- an unreadable date, time or count is null, and lone surrogates (halves of UTF-16 pairs) in a text
-- are replaced.
-- Reads: staging.models, staging.scores, staging.catalog_models, staging.benchmark_label.
-- If summary and record have the same text in the same field, only the record's value is reported.
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
    union all
    select
        model_id,
        'summary: ' as subject,
        unreadable,
        unnest(json_keys(unreadable)) as field
    from staging.catalog_models
    where unreadable is not null
),

unreadable_values as (
    select distinct
        model_id,
        subject,
        'unreadable ' || cast(field as varchar) || ': "' || (unreadable ->> field) || '"'
            as value_label
    from unreadable_fields
),

record_values as (
    select
        model_id,
        value_label
    from unreadable_values
    where subject = 'record: '
)

select
    unreadable_values.model_id,
    unreadable_values.subject || unreadable_values.value_label as detail
from unreadable_values
left join record_values
    on
        unreadable_values.model_id = record_values.model_id
        and unreadable_values.value_label = record_values.value_label
where
    unreadable_values.subject <> 'summary: '
    or record_values.model_id is null;

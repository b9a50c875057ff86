-- When offers and scores appeared, changed or disappeared. The offers and scores with which a model
-- was first seen do not count as appeared.
-- Grain: list, model_id, item_id, item_number, changed_at.
-- Reads: history.models, history.offers, history.scores.
-- `old_valid_from` and `new_valid_from` identify the history rows before and after the change.
-- `old_valid_from` is null if the offer or score appeared. `new_valid_from` is null if the offer or
-- score disappeared.
create or replace macro staging.transitions() as table
with versions as (
    select
        'offers' as list,
        model_id,
        provider_id as item_id,
        offer_number as item_number,
        valid_from,
        valid_to
    from history.offers
    union all
    select
        'scores' as list,
        model_id,
        benchmark_id as item_id,
        score_number as item_number,
        valid_from,
        valid_to
    from history.scores
),

-- For speed, leave out rows that began at `first_seen_at` and are still valid: these offers and
-- scores never changed.
changed_versions as (
    select
        versions.list,
        versions.model_id,
        versions.item_id,
        versions.item_number,
        versions.valid_from,
        versions.valid_to,
        case versions.list
            when 'offers' then models.offers_first_seen_at
            else models.scores_first_seen_at
        end as first_seen_at
    from versions
    inner join history.models as models on versions.model_id = models.model_id
    where
        versions.valid_from > case versions.list
            when 'offers' then models.offers_first_seen_at
            else models.scores_first_seen_at
        end
        or versions.valid_to is not null
),

neighbours as (
    select
        list,
        model_id,
        item_id,
        item_number,
        valid_from,
        valid_to,
        first_seen_at,
        lag(valid_from) over in_time as previous_valid_from,
        lag(valid_to) over in_time as previous_valid_to,
        lead(valid_from) over in_time as next_valid_from
    from changed_versions
    window in_time as (partition by list, model_id, item_id, item_number order by valid_from)
)

select
    list,
    model_id,
    item_id,
    item_number,
    valid_from as changed_at,
    case when previous_valid_to = valid_from then previous_valid_from end as old_valid_from,
    valid_from as new_valid_from
from neighbours
where valid_from > first_seen_at
union all
select
    list,
    model_id,
    item_id,
    item_number,
    valid_to as changed_at,
    valid_from as old_valid_from,
    cast(null as timestamp) as new_valid_from
from neighbours
where
    valid_to is not null
    and next_valid_from is distinct from valid_to;

comment on macro table staging.transitions is 'One row each time an offer or a score appeared, changed or disappeared; the offers and scores with which a model was first seen do not count as appeared';

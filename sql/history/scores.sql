-- History of each benchmark score: one row per period in which the score did not change.
-- Grain: model_id, benchmark_id, score_number, valid_from. A score has at most one open row.
-- Order: valid_to is not null, valid_from desc, model_id, benchmark_id, score_number.
-- Reads: staging.last_load, staging.scores, staging.score_hash, staging.unreadable_time,
-- history.models.
-- The open rows of a model (valid_to is null) are its current scores. If only the description,
-- category, rank or `scored_at` changes, no new row begins. These four fields are not stored: the
-- rank changes when other models change, and `scored_at` changes when upstream records the same
-- value again. Entries of one record that differ only in category, rank and description are one
-- score, listed under several categories. Entries of one record with different times are separate
-- scores; unreadable times are compared as text. The scores of a model on one benchmark are
-- numbered. A fetched score that equals an open row keeps the number of that row. All other fetched
-- scores get, in list order, the numbers of the rows just closed, then the smallest free numbers.
create table if not exists history.scores (
    model_id varchar not null,
    benchmark_id varchar not null,
    score_number bigint not null,
    benchmark_name varchar,
    score double,
    max_score double,
    normalized_score double,
    is_self_reported boolean,
    is_verified boolean,
    source_url varchar,
    valid_from timestamp not null,
    valid_to timestamp,
    row_hash varchar
);

-- Close the open rows that are not among the current scores.
update history.scores
set
    valid_to = closed_rows.closed_at,
    row_hash = null
from (
    with
    loaded_models as (
        select models.model_id
        from history.models as models
        inner join staging.last_load on models.scores_load_id = last_load.load_id
        union
        select model_id
        from history.scores
        where
            valid_to is null
            and row_hash is null
    ),

    current_counts as (
        select
            model_id,
            benchmark_id,
            staging.score_hash(
                benchmark_name, score, max_score, normalized_score, is_self_reported,
                is_verified, source_url
            ) as row_hash,
            count(distinct scored_at)
            + count(distinct staging.unreadable_time(scored_at, unreadable)) as row_count
        from staging.scores
        where model_id in (select loaded_models.model_id from loaded_models)
        group by
            model_id,
            benchmark_id,
            row_hash
    ),

    hashed_rows as (
        select
            model_id,
            benchmark_id,
            score_number,
            coalesce(
                row_hash,
                staging.score_hash(
                    benchmark_name, score, max_score, normalized_score, is_self_reported,
                    is_verified, source_url
                )
            ) as row_hash
        from history.scores
        where
            valid_to is null
            and model_id in (select loaded_models.model_id from loaded_models)
    ),

    open_rows as (
        select
            model_id,
            benchmark_id,
            score_number,
            row_hash,
            row_number() over (
                partition by model_id, benchmark_id, row_hash
                order by score_number
            ) as duplicate_number
        from hashed_rows
    )

    select
        open_rows.model_id,
        open_rows.benchmark_id,
        open_rows.score_number,
        model_dates.scores_last_seen_at as closed_at
    from open_rows
    inner join history.models as model_dates on open_rows.model_id = model_dates.model_id
    left join current_counts
        on
            open_rows.model_id = current_counts.model_id
            and open_rows.benchmark_id = current_counts.benchmark_id
            and open_rows.row_hash = current_counts.row_hash
    where open_rows.duplicate_number > coalesce(current_counts.row_count, 0)
) as closed_rows
where
    scores.valid_to is null
    and scores.model_id = closed_rows.model_id
    and scores.benchmark_id = closed_rows.benchmark_id
    and scores.score_number = closed_rows.score_number;

-- Open a row for each current score that is not among the open rows. A new row gets the number of
-- a row just closed, or the smallest free number.
insert into history.scores (
    model_id,
    benchmark_id,
    score_number,
    benchmark_name,
    score,
    max_score,
    normalized_score,
    is_self_reported,
    is_verified,
    source_url,
    valid_from,
    row_hash
)
with
loaded_models as (
    select models.model_id
    from history.models as models
    inner join staging.last_load on models.scores_load_id = last_load.load_id
    union
    select model_id
    from history.scores
    where
        valid_to is null
        and row_hash is null
    union
    -- If all rows of a model were just closed, no open row without a hash is left.
    select scores.model_id
    from history.scores as scores
    inner join history.models as models
        on
            scores.model_id = models.model_id
            and scores.valid_to = models.scores_last_seen_at
),

-- Every open row now equals a current score. Only benchmarks with more current scores than open
-- rows need new rows.
current_counts as (
    select
        model_id,
        benchmark_id,
        count(*) as row_count
    from staging.scores
    where model_id in (select loaded_models.model_id from loaded_models)
    group by
        model_id,
        benchmark_id
),

open_row_counts as (
    select
        model_id,
        benchmark_id,
        count(*) as row_count
    from history.scores
    where
        valid_to is null
        and model_id in (select loaded_models.model_id from loaded_models)
    group by
        model_id,
        benchmark_id
),

changed_benchmarks as (
    select
        current_counts.model_id,
        current_counts.benchmark_id
    from current_counts
    left join open_row_counts
        on
            current_counts.model_id = open_row_counts.model_id
            and current_counts.benchmark_id = open_row_counts.benchmark_id
    where current_counts.row_count > coalesce(open_row_counts.row_count, 0)
),

hashed_scores as (
    select
        scores.model_id,
        scores.benchmark_id,
        scores.list_index,
        scores.scored_at,
        staging.unreadable_time(scores.scored_at, scores.unreadable) as unreadable_time,
        staging.score_hash(
            scores.benchmark_name, scores.score, scores.max_score, scores.normalized_score,
            scores.is_self_reported, scores.is_verified, scores.source_url
        ) as row_hash
    from staging.scores as scores
    inner join changed_benchmarks
        on
            scores.model_id = changed_benchmarks.model_id
            and scores.benchmark_id = changed_benchmarks.benchmark_id
),

distinct_scores as (
    select
        model_id,
        benchmark_id,
        row_hash,
        min(list_index) as list_index
    from hashed_scores
    group by
        model_id,
        benchmark_id,
        row_hash,
        scored_at,
        unreadable_time
),

current_rows as (
    select
        model_id,
        benchmark_id,
        list_index,
        row_hash,
        row_number() over (
            partition by model_id, benchmark_id, row_hash
            order by list_index
        ) as duplicate_number,
        row_number() over (partition by model_id, benchmark_id order by list_index) as entry_number
    from distinct_scores
),

open_hashes as (
    select
        model_id,
        benchmark_id,
        coalesce(
            row_hash,
            staging.score_hash(
                benchmark_name, score, max_score, normalized_score, is_self_reported,
                is_verified, source_url
            )
        ) as row_hash
    from history.scores
    where
        valid_to is null
        and model_id in (select loaded_models.model_id from loaded_models)
),

open_counts as (
    select
        model_id,
        benchmark_id,
        row_hash,
        count(*) as row_count
    from open_hashes
    group by
        model_id,
        benchmark_id,
        row_hash
),

new_rows as (
    select
        current_rows.model_id,
        current_rows.benchmark_id,
        current_rows.list_index,
        current_rows.row_hash,
        row_number() over (
            partition by current_rows.model_id, current_rows.benchmark_id
            order by current_rows.list_index
        ) as position
    from current_rows
    left join open_counts
        on
            current_rows.model_id = open_counts.model_id
            and current_rows.benchmark_id = open_counts.benchmark_id
            and current_rows.row_hash = open_counts.row_hash
    where current_rows.duplicate_number > coalesce(open_counts.row_count, 0)
),

-- Candidates for the `score_number` of new rows: first the `score_number` of each row just closed,
-- then 1, 2, … up to the number of current scores.
possible_numbers as (
    select
        model_id,
        benchmark_id,
        entry_number as score_number,
        1 as preference
    from current_rows
    union all
    select
        scores.model_id,
        scores.benchmark_id,
        scores.score_number,
        0 as preference
    from history.scores as scores
    inner join history.models as model_dates
        on
            scores.model_id = model_dates.model_id
            and scores.valid_to = model_dates.scores_last_seen_at
),

free_numbers as (
    select
        possible_numbers.model_id,
        possible_numbers.benchmark_id,
        possible_numbers.score_number,
        row_number() over (
            partition by possible_numbers.model_id, possible_numbers.benchmark_id
            order by min(possible_numbers.preference), possible_numbers.score_number
        ) as position
    from possible_numbers
    left join history.scores as open_rows
        on
            possible_numbers.model_id = open_rows.model_id
            and possible_numbers.benchmark_id = open_rows.benchmark_id
            and possible_numbers.score_number = open_rows.score_number
            and open_rows.valid_to is null
    where open_rows.model_id is null
    group by
        possible_numbers.model_id,
        possible_numbers.benchmark_id,
        possible_numbers.score_number
)

select
    new_rows.model_id,
    new_rows.benchmark_id,
    free_numbers.score_number,
    scores.benchmark_name,
    scores.score,
    scores.max_score,
    scores.normalized_score,
    scores.is_self_reported,
    scores.is_verified,
    scores.source_url,
    model_dates.scores_last_seen_at as valid_from,
    new_rows.row_hash
from new_rows
inner join staging.scores as scores
    on
        new_rows.model_id = scores.model_id
        and new_rows.list_index = scores.list_index
inner join history.models as model_dates on new_rows.model_id = model_dates.model_id
inner join free_numbers
    on
        new_rows.model_id = free_numbers.model_id
        and new_rows.benchmark_id = free_numbers.benchmark_id
        and new_rows.position = free_numbers.position;

-- Delete the rows that end at or before their start, because they were never valid.
delete from history.scores
where valid_to <= valid_from;

-- If the SQL definitions or the engine version have changed, the run has set the hashes to null.
-- This statement recomputes them.
update history.scores
set
    row_hash = staging.score_hash(
        benchmark_name, score, max_score, normalized_score, is_self_reported,
        is_verified, source_url
    )
where
    valid_to is null
    and row_hash is null;

comment on table history.scores is 'One row per benchmark score of a model and period in which the score did not change';
comment on column history.scores.score_number is 'Number that distinguishes the scores of a model on a benchmark; greater than 1 only if the model has listed the benchmark more than once';
comment on column history.scores.valid_from is 'Start of the period in which the row is valid, inclusive (UTC): when a fetch first found the score in this state';
comment on column history.scores.valid_to is 'End of the period in which the row is valid, exclusive (UTC): when a fetch found the score changed or removed; null if the row is still valid';
comment on column history.scores.row_hash is 'Hash of the columns that the next run compares with the fetched record. Null if the row has ended, or if the next run must recompute the hash';

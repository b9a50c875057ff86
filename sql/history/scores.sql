-- What each benchmark score of a model was, and from when to when: the difference between the current scores and the open rows.
-- Grain: model_id, benchmark_id, score_number, valid_from. Of these, at most one row of a score is open.
-- Reads: staging.models, staging.scores, history.models.
-- The open rows of a model are exactly its current scores. Not compared, and so not kept: the rank (it moves when others move), the
-- description, and when upstream recorded the score (a score recorded again with the same value has not changed).
-- A benchmark may be listed twice. Such scores are told apart, numbered and followed as in history.offers.
create table if not exists history.scores (
    model_id varchar not null,
    benchmark_id varchar not null,
    score_number bigint not null,
    benchmark_name varchar,
    category varchar,
    score double,
    max_score double,
    normalized_score double,
    is_self_reported boolean,
    is_verified boolean,
    source_url varchar,
    valid_from timestamp not null,
    valid_to timestamp
);

-- What the current scores no longer say ends.
update history.scores
set valid_to = ended.ended_at
from (
    with current_copies as (
        select
            model_id,
            benchmark_id,
            benchmark_name,
            category,
            score,
            max_score,
            normalized_score,
            is_self_reported,
            is_verified,
            source_url,
            row_number() over (
                partition by
                    model_id,
                    benchmark_id,
                    benchmark_name,
                    category,
                    score,
                    max_score,
                    normalized_score,
                    is_self_reported,
                    is_verified,
                    source_url
                order by list_index
            ) as copy_number
        from staging.scores
    ),

    open_copies as (
        select
            model_id,
            benchmark_id,
            score_number,
            benchmark_name,
            category,
            score,
            max_score,
            normalized_score,
            is_self_reported,
            is_verified,
            source_url,
            row_number() over (
                partition by
                    model_id,
                    benchmark_id,
                    benchmark_name,
                    category,
                    score,
                    max_score,
                    normalized_score,
                    is_self_reported,
                    is_verified,
                    source_url
                order by score_number
            ) as copy_number
        from history.scores
        where valid_to is null
    )

    select
        open_copies.model_id,
        open_copies.benchmark_id,
        open_copies.score_number,
        clock.last_fetched_at as ended_at
    from open_copies
    inner join staging.models as loaded on open_copies.model_id = loaded.model_id
    inner join history.models as clock on open_copies.model_id = clock.model_id
    left join current_copies
        on
            open_copies.model_id = current_copies.model_id
            and open_copies.benchmark_id = current_copies.benchmark_id
            and open_copies.copy_number = current_copies.copy_number
            and open_copies.benchmark_name is not distinct from current_copies.benchmark_name
            and open_copies.category is not distinct from current_copies.category
            and open_copies.score is not distinct from current_copies.score
            and open_copies.max_score is not distinct from current_copies.max_score
            and open_copies.normalized_score is not distinct from current_copies.normalized_score
            and open_copies.is_self_reported is not distinct from current_copies.is_self_reported
            and open_copies.is_verified is not distinct from current_copies.is_verified
            and open_copies.source_url is not distinct from current_copies.source_url
    where current_copies.model_id is null
) as ended
where
    scores.valid_to is null
    and scores.model_id = ended.model_id
    and scores.benchmark_id = ended.benchmark_id
    and scores.score_number = ended.score_number;

-- What no open row says yet begins. It takes a number that has just ended, else the smallest free one.
insert into history.scores (
    model_id,
    benchmark_id,
    score_number,
    benchmark_name,
    category,
    score,
    max_score,
    normalized_score,
    is_self_reported,
    is_verified,
    source_url,
    valid_from
)
with current_copies as (
    select
        model_id,
        benchmark_id,
        list_index,
        benchmark_name,
        category,
        score,
        max_score,
        normalized_score,
        is_self_reported,
        is_verified,
        source_url,
        row_number() over (
            partition by
                model_id,
                benchmark_id,
                benchmark_name,
                category,
                score,
                max_score,
                normalized_score,
                is_self_reported,
                is_verified,
                source_url
            order by list_index
        ) as copy_number,
        row_number() over (partition by model_id, benchmark_id order by list_index) as entry_number
    from staging.scores
),

open_copies as (
    select
        model_id,
        benchmark_id,
        score_number,
        benchmark_name,
        category,
        score,
        max_score,
        normalized_score,
        is_self_reported,
        is_verified,
        source_url,
        row_number() over (
            partition by
                model_id,
                benchmark_id,
                benchmark_name,
                category,
                score,
                max_score,
                normalized_score,
                is_self_reported,
                is_verified,
                source_url
            order by score_number
        ) as copy_number
    from history.scores
    where valid_to is null
),

begun as (
    select
        current_copies.model_id,
        current_copies.benchmark_id,
        current_copies.benchmark_name,
        current_copies.category,
        current_copies.score,
        current_copies.max_score,
        current_copies.normalized_score,
        current_copies.is_self_reported,
        current_copies.is_verified,
        current_copies.source_url,
        row_number() over (
            partition by current_copies.model_id, current_copies.benchmark_id
            order by current_copies.list_index
        ) as turn
    from current_copies
    left join open_copies
        on
            current_copies.model_id = open_copies.model_id
            and current_copies.benchmark_id = open_copies.benchmark_id
            and current_copies.copy_number = open_copies.copy_number
            and current_copies.benchmark_name is not distinct from open_copies.benchmark_name
            and current_copies.category is not distinct from open_copies.category
            and current_copies.score is not distinct from open_copies.score
            and current_copies.max_score is not distinct from open_copies.max_score
            and current_copies.normalized_score is not distinct from open_copies.normalized_score
            and current_copies.is_self_reported is not distinct from open_copies.is_self_reported
            and current_copies.is_verified is not distinct from open_copies.is_verified
            and current_copies.source_url is not distinct from open_copies.source_url
    where open_copies.model_id is null
),

-- As many numbers as the benchmark has entries, and those that ended just now.
possible_numbers as (
    select
        current_copies.model_id,
        current_copies.benchmark_id,
        current_copies.entry_number as score_number,
        1 as preference
    from current_copies
    union all
    select
        scores.model_id,
        scores.benchmark_id,
        scores.score_number,
        0 as preference
    from history.scores
    inner join history.models as clock
        on
            scores.model_id = clock.model_id
            and scores.valid_to = clock.last_fetched_at
),

free_numbers as (
    select
        possible_numbers.model_id,
        possible_numbers.benchmark_id,
        possible_numbers.score_number,
        row_number() over (
            partition by possible_numbers.model_id, possible_numbers.benchmark_id
            order by min(possible_numbers.preference), possible_numbers.score_number
        ) as turn
    from possible_numbers
    left join open_copies
        on
            possible_numbers.model_id = open_copies.model_id
            and possible_numbers.benchmark_id = open_copies.benchmark_id
            and possible_numbers.score_number = open_copies.score_number
    where open_copies.model_id is null
    group by possible_numbers.model_id, possible_numbers.benchmark_id, possible_numbers.score_number
)

select
    begun.model_id,
    begun.benchmark_id,
    free_numbers.score_number,
    begun.benchmark_name,
    begun.category,
    begun.score,
    begun.max_score,
    begun.normalized_score,
    begun.is_self_reported,
    begun.is_verified,
    begun.source_url,
    clock.last_fetched_at as valid_from
from begun
inner join history.models as clock on begun.model_id = clock.model_id
inner join free_numbers
    on
        begun.model_id = free_numbers.model_id
        and begun.benchmark_id = free_numbers.benchmark_id
        and begun.turn = free_numbers.turn;

-- What was replaced in the instant in which it began was true at no time.
delete from history.scores
where valid_to <= valid_from;

comment on table history.scores is 'One row per benchmark score of a model and stretch of time in which it did not change';
comment on column history.scores.model_id is 'Model that the row belongs to';
comment on column history.scores.benchmark_id is 'Benchmark; some ids hold quotes, brackets or arrows';
comment on column history.scores.score_number is 'Tells a model''s scores on a benchmark apart; 1 unless it was listed more than once';
comment on column history.scores.benchmark_name is 'Display name of the benchmark; one id may come with several names';
comment on column history.scores.category is 'Category of the benchmark; null: none given';
comment on column history.scores.score is 'Result in the benchmark''s own unit: fraction, percent, Elo, dollars';
comment on column history.scores.max_score is 'Published maximum; often wrong, so never a divisor';
comment on column history.scores.normalized_score is 'Result on a scale of 0 to 1; null: not published';
comment on column history.scores.is_self_reported is 'True if the model''s maker reported the score';
comment on column history.scores.is_verified is 'True if LLM Stats checked the score independently';
comment on column history.scores.source_url is 'Where the score was published; null: none given';
comment on column history.scores.valid_from is 'Since when the row is true, inclusive (UTC): when it was first fetched';
comment on column history.scores.valid_to is 'Until when the row was true, exclusive (UTC): when it was found gone; null: still true';

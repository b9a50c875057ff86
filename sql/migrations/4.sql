-- From schema version 3 to 4: prices and scores in the history are rounded to 12 significant
-- digits. Consecutive rows that have become equal are merged. The new column row_hash is null until
-- the next run computes the hashes.

alter table history.offers add column row_hash varchar;
alter table history.scores add column row_hash varchar;
create table if not exists raw.sql_fingerprint (sha256 varchar not null);
alter table raw.sql_fingerprint add column engine_version varchar;

update history.offers
set
    input_usd_per_mtok = coalesce(
        case
            when abs(input_usd_per_mtok) between 1e-11 and 1e33
                then
                    round(
                        input_usd_per_mtok,
                        11 - cast(floor(log10(nullif(abs(input_usd_per_mtok), 0))) as integer)
                    )
        end,
        input_usd_per_mtok
    ) + 0.0,
    output_usd_per_mtok = coalesce(
        case
            when abs(output_usd_per_mtok) between 1e-11 and 1e33
                then
                    round(
                        output_usd_per_mtok,
                        11 - cast(floor(log10(nullif(abs(output_usd_per_mtok), 0))) as integer)
                    )
        end,
        output_usd_per_mtok
    ) + 0.0;

update history.offers
set
    row_hash = md5(
        coalesce(provider_name, chr(30)) || chr(31)
        || coalesce(status, chr(30)) || chr(31)
        || coalesce(cast(input_usd_per_mtok + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(output_usd_per_mtok + 0.0 as varchar), chr(30))
    );

-- The first of several equal consecutive rows takes valid_to from the last of them.
update history.offers
set valid_to = joined_rows.valid_to
from (
    with marked_rows as (
        select
            model_id,
            provider_id,
            offer_number,
            valid_from,
            valid_to,
            case
                when
                    lag(valid_to) over in_time = valid_from
                    and lag(row_hash) over in_time = row_hash
                    then 0
                else 1
            end as is_first
        from history.offers
        window in_time as (partition by model_id, provider_id, offer_number order by valid_from)
    ),

    numbered_rows as (
        select
            model_id,
            provider_id,
            offer_number,
            valid_from,
            valid_to,
            sum(is_first) over (
                partition by model_id, provider_id, offer_number
                order by valid_from
                rows between unbounded preceding and current row
            ) as stretch
        from marked_rows
    )

    select
        model_id,
        provider_id,
        offer_number,
        min(valid_from) as valid_from,
        case when count(*) = count(valid_to) then max(valid_to) end as valid_to
    from numbered_rows
    group by
        model_id,
        provider_id,
        offer_number,
        stretch
    having count(*) > 1
) as joined_rows
where
    offers.model_id = joined_rows.model_id
    and offers.provider_id = joined_rows.provider_id
    and offers.offer_number = joined_rows.offer_number
    and offers.valid_from = joined_rows.valid_from;

-- The rows that were merged into an earlier row now lie within its period; delete them.
delete from history.offers
where
    exists (
        select 1
        from history.offers as earlier_rows
        where
            earlier_rows.model_id = offers.model_id
            and earlier_rows.provider_id = offers.provider_id
            and earlier_rows.offer_number = offers.offer_number
            and earlier_rows.valid_from < offers.valid_from
            and (earlier_rows.valid_to > offers.valid_from or earlier_rows.valid_to is null)
    );

-- The hashes were needed only to compare rows in this migration; the next run computes new hashes.
update history.offers
set row_hash = null;

update history.scores
set
    score = coalesce(
        case
            when abs(score) between 1e-11 and 1e33
                then
                    round(
                        score,
                        11 - cast(floor(log10(nullif(abs(score), 0))) as integer)
                    )
        end,
        score
    ) + 0.0,
    max_score = coalesce(
        case
            when abs(max_score) between 1e-11 and 1e33
                then
                    round(
                        max_score,
                        11 - cast(floor(log10(nullif(abs(max_score), 0))) as integer)
                    )
        end,
        max_score
    ) + 0.0,
    normalized_score = coalesce(
        case
            when abs(normalized_score) between 1e-11 and 1e33
                then
                    round(
                        normalized_score,
                        11 - cast(floor(log10(nullif(abs(normalized_score), 0))) as integer)
                    )
        end,
        normalized_score
    ) + 0.0;

update history.scores
set
    row_hash = md5(
        coalesce(benchmark_name, chr(30)) || chr(31)
        || coalesce(cast(score + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(max_score + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(normalized_score + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(is_self_reported as varchar), chr(30)) || chr(31)
        || coalesce(cast(is_verified as varchar), chr(30)) || chr(31)
        || coalesce(source_url, chr(30))
    );

-- A score in several categories has a row per category; the periods of these rows must not overlap.
-- If two of them overlap, the later row now begins at the end of the earlier row. Equal rows in one
-- category are separate scores and stay unchanged.
update history.scores
set valid_from = covered_rows.covered_until
from (
    with repeated_rows as (
        select
            model_id,
            benchmark_id,
            score_number,
            row_hash,
            valid_from,
            valid_to,
            dense_rank() over (
                partition by model_id, benchmark_id, row_hash, category
                order by score_number
            ) as number_in_category
        from history.scores
    )

    select
        model_id,
        benchmark_id,
        score_number,
        valid_from,
        max(coalesce(valid_to, cast('9999-12-31' as timestamp))) over (
            partition by model_id, benchmark_id, row_hash, number_in_category
            order by valid_from, score_number
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from repeated_rows
) as covered_rows
where
    scores.model_id = covered_rows.model_id
    and scores.benchmark_id = covered_rows.benchmark_id
    and scores.score_number = covered_rows.score_number
    and scores.valid_from = covered_rows.valid_from
    and scores.valid_from < covered_rows.covered_until;

delete from history.scores
where valid_from >= coalesce(valid_to, cast('9999-12-31' as timestamp));

-- Two rows that differ only in score_number are one score if the later row begins when the earlier
-- row ends. Give the later row the score_number of the earlier row. Skip the pair if a third row
-- with this score_number begins when the later row begins, or after that.
update history.scores
set score_number = continued_rows.score_number_before
from (
    select
        later_rows.model_id,
        later_rows.benchmark_id,
        later_rows.score_number,
        later_rows.valid_from,
        min(earlier_rows.score_number) as score_number_before
    from history.scores as later_rows
    inner join history.scores as earlier_rows
        on
            later_rows.model_id = earlier_rows.model_id
            and later_rows.benchmark_id = earlier_rows.benchmark_id
            and later_rows.row_hash = earlier_rows.row_hash
            and later_rows.valid_from = earlier_rows.valid_to
    left join history.scores as other_rows
        on
            earlier_rows.model_id = other_rows.model_id
            and earlier_rows.benchmark_id = other_rows.benchmark_id
            and earlier_rows.score_number = other_rows.score_number
            and later_rows.valid_from <= other_rows.valid_from
    where other_rows.model_id is null
    group by
        later_rows.model_id,
        later_rows.benchmark_id,
        later_rows.score_number,
        later_rows.valid_from
) as continued_rows
where
    scores.model_id = continued_rows.model_id
    and scores.benchmark_id = continued_rows.benchmark_id
    and scores.score_number = continued_rows.score_number
    and scores.valid_from = continued_rows.valid_from;

-- The first of several equal consecutive rows takes valid_to from the last of them.
update history.scores
set valid_to = joined_rows.valid_to
from (
    with marked_rows as (
        select
            model_id,
            benchmark_id,
            score_number,
            valid_from,
            valid_to,
            case
                when
                    lag(valid_to) over in_time = valid_from
                    and lag(row_hash) over in_time = row_hash
                    then 0
                else 1
            end as is_first
        from history.scores
        window in_time as (partition by model_id, benchmark_id, score_number order by valid_from)
    ),

    numbered_rows as (
        select
            model_id,
            benchmark_id,
            score_number,
            valid_from,
            valid_to,
            sum(is_first) over (
                partition by model_id, benchmark_id, score_number
                order by valid_from
                rows between unbounded preceding and current row
            ) as stretch
        from marked_rows
    )

    select
        model_id,
        benchmark_id,
        score_number,
        min(valid_from) as valid_from,
        case when count(*) = count(valid_to) then max(valid_to) end as valid_to
    from numbered_rows
    group by
        model_id,
        benchmark_id,
        score_number,
        stretch
    having count(*) > 1
) as joined_rows
where
    scores.model_id = joined_rows.model_id
    and scores.benchmark_id = joined_rows.benchmark_id
    and scores.score_number = joined_rows.score_number
    and scores.valid_from = joined_rows.valid_from;

-- The rows that were merged into an earlier row now lie within its period; delete them.
delete from history.scores
where
    exists (
        select 1
        from history.scores as earlier_rows
        where
            earlier_rows.model_id = scores.model_id
            and earlier_rows.benchmark_id = scores.benchmark_id
            and earlier_rows.score_number = scores.score_number
            and earlier_rows.valid_from < scores.valid_from
            and (earlier_rows.valid_to > scores.valid_from or earlier_rows.valid_to is null)
    );

-- The hashes were needed only to compare rows in this migration; the next run computes new hashes.
update history.scores
set row_hash = null;

alter table history.scores drop column category;

-- history.offers and history.scores now have fewer rows. Delete their recorded row counts;
-- otherwise the check tables_shrunk would fail.
delete from history.row_counts
where table_name in ('history.offers', 'history.scores');

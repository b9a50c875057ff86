-- A value that is probably in another unit.
-- Reads: marts.scores, staging.benchmark_label, staging.number_text, staging.round_significant.
-- A value below the median is reported if two conditions hold: 10 or 100 times the value lies
-- between the first and the third quartile, and the next higher value is at least five times the
-- value. The value of a weak model usually has closer neighbors.
-- A value above the median is reported if it is more than eight times the median. With a
-- limit of ten and a median of 7, a 60 that should be a 6 would not be reported.
with
quartiles as (
    select
        benchmark_id,
        staging.round_significant(median(value)) as median_value,
        staging.round_significant(quantile_cont(value, 0.25)) as first_quartile,
        staging.round_significant(quantile_cont(value, 0.75)) as third_quartile
    from marts.scores
    where
        is_comparable
        and model_count >= 3
    group by benchmark_id
),

ordered_scores as (
    select
        scores.model_id,
        scores.benchmark_id,
        scores.value,
        quartiles.median_value,
        quartiles.first_quartile,
        quartiles.third_quartile,
        lead(scores.value) over (
            partition by scores.benchmark_id
            order by scores.value
        ) as next_value,
        count(*) over (partition by scores.benchmark_id, scores.value) as tie_count
    from marts.scores as scores
    inner join quartiles on scores.benchmark_id = quartiles.benchmark_id
    where quartiles.median_value > 0
),

judged_scores as (
    select
        model_id,
        benchmark_id,
        value,
        median_value,
        first_quartile,
        third_quartile,
        case
            when value <= 0 or value >= median_value or tie_count > 1 or next_value < 5 * value
                then null
            when
                staging.round_significant(value * 10) between first_quartile and third_quartile
                then 10
            when
                staging.round_significant(value * 100) between first_quartile and third_quartile
                then 100
        end as factor
    from ordered_scores
)

select
    model_id,
    staging.benchmark_label(benchmark_id) || 'value ' || staging.number_text(value)
    || case
        when factor is null
            then ' is more than eight times the median ' || staging.number_text(median_value)
        else
            ' times ' || cast(factor as varchar) || ' lies between the quartiles '
            || staging.number_text(first_quartile)
            || ' and ' || staging.number_text(third_quartile)
    end
    || '; possibly in another unit' as detail
from judged_scores
where
    factor is not null
    or value / 8 > median_value;

-- A value that is probably in another unit.
-- Reads: marts.scores, staging.benchmark_label, staging.number_text.
-- A value below the median is reported if ten times or a hundred times the value lies between the
-- first and the third quartile. A weak model alone is not reported. A value above the median is
-- reported if it is more than eight times the median: not ten, to find 60 instead of 6 if the
-- median is 7.
with
quartiles as (
    select
        benchmark_id,
        median(value) as median_value,
        quantile_cont(value, 0.25) as first_quartile,
        quantile_cont(value, 0.75) as third_quartile
    from marts.scores
    where
        is_comparable
        and model_count >= 3
    group by benchmark_id
),

judged_scores as (
    select
        scores.model_id,
        scores.benchmark_id,
        scores.value,
        quartiles.median_value,
        quartiles.first_quartile,
        quartiles.third_quartile,
        case
            when scores.value >= quartiles.median_value then null
            when
                scores.value * 10 between quartiles.first_quartile and quartiles.third_quartile
                then 10
            when
                scores.value * 100 between quartiles.first_quartile and quartiles.third_quartile
                then 100
        end as factor
    from marts.scores as scores
    inner join quartiles on scores.benchmark_id = quartiles.benchmark_id
    where quartiles.median_value > 0
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

-- A value more than eight times the benchmark's median, or less than an eighth of it.
-- Reads: marts.scores, staging.benchmark_label, staging.number_text.
-- The factor is eight, not ten, to find values that are wrong by a factor of ten. For example, if 6
-- is published instead of 60 and the median is 50, then 6 is more than a tenth of the median, but
-- less than an eighth.
with median_values as (
    select
        benchmark_id,
        median(value) as median_value
    from marts.scores
    where
        is_comparable
        and model_count >= 3
    group by benchmark_id
)

select
    scores.model_id,
    staging.benchmark_label(scores.benchmark_id) || 'value ' || staging.number_text(scores.value)
    || case
        when scores.value / 8 > median_values.median_value
            then ' is more than eight times the median '
        else ' is less than an eighth of the median '
    end
    || staging.number_text(median_values.median_value) || '; possibly in another unit' as detail
from marts.scores as scores
inner join median_values on scores.benchmark_id = median_values.benchmark_id
where
    median_values.median_value > 0
    and (
        scores.value / 8 > median_values.median_value
        or scores.value < median_values.median_value / 8
    );

select
    'none' as kind,
    benchmark_id
from marts.compare_models(['a', 'b'])
union all
select
    'last' as kind,
    benchmark_id
from marts.compare_models(['a', null])
union all
select
    'first' as kind,
    benchmark_id
from marts.compare_models([null, 'a', 'b'])
union all
select
    'unknown' as kind,
    benchmark_id
from marts.compare_models(['a', null, 'nobody'])
union all
select
    'only' as kind,
    benchmark_id
from marts.compare_models([null])
union all
select
    'instead of a list' as kind,
    benchmark_id
from marts.compare_models(null)
order by
    kind,
    benchmark_id

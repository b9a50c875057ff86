select
    rule,
    model_id,
    detail
from marts.data_quality
where rule in ('unreadable_value', 'summary_differs')
order by
    model_id,
    detail

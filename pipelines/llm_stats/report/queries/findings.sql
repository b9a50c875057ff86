-- What not to trust: of each rule the first 50 findings, and how many there are. The rarest rule first: a fault of one row says more about
-- that row than one of all.
-- Grain: rule, model_id, detail.
-- Reads: marts.data_quality.
with
counted_findings as (
    select
        rule,
        model_id,
        detail,
        row_number() over (partition by rule order by model_id, detail) as place,
        count(*) over (partition by rule) as finding_count,
        count(distinct model_id) over (partition by rule) as model_count
    from marts.data_quality
)

select
    rule,
    model_id,
    detail,
    finding_count,
    model_count
from counted_findings
where place <= 50
order by
    finding_count,
    rule,
    place

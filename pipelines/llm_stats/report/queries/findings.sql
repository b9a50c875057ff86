-- What not to trust: of each rule the first 50 findings, and how many there are. The rarest rule first: a fault of one row says more about
-- that row than one of all.
-- Grain: rule, model_id, detail.
-- Reads: marts.data_quality.
with
placed_findings as (
    select
        rule,
        model_id,
        detail,
        row_number() over (partition by rule order by model_id, detail) as place
    from marts.data_quality
),

counted_rules as (
    select
        rule,
        count(*) as finding_count,
        count(distinct model_id) as model_count
    from marts.data_quality
    group by rule
)

select
    placed_findings.rule,
    placed_findings.model_id,
    placed_findings.detail,
    counted_rules.finding_count,
    counted_rules.model_count
from placed_findings
inner join counted_rules on placed_findings.rule = counted_rules.rule
where placed_findings.place <= 50
order by
    counted_rules.finding_count,
    placed_findings.rule,
    placed_findings.place

-- The first 50 findings of each rule. The rule with the fewest findings comes first, as in
-- marts.data_quality.
-- Grain: rule, model_id, detail.
-- Reads: marts.data_quality.
-- `finding_count` and `model_count` count all findings of the rule.
with
numbered_findings as (
    select
        rule,
        model_id,
        detail,
        row_number() over (partition by rule order by model_id, detail) as position
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
    numbered_findings.rule,
    numbered_findings.model_id,
    numbered_findings.detail,
    counted_rules.finding_count,
    counted_rules.model_count
from numbered_findings
inner join counted_rules on numbered_findings.rule = counted_rules.rule
where numbered_findings.position <= 50
order by
    counted_rules.finding_count,
    numbered_findings.rule,
    numbered_findings.position

-- Numbers that may be wrong, and rows that are excluded from leaderboards or price comparisons.
-- Each finding has a reason.
-- Grain: rule, model_id, detail.
-- Order: count(*) over (partition by rule), rule, model_id, detail. The rarest rule comes first,
-- because it is the most specific.
-- Reads: staging.quality_findings.
-- Leaderboards and price comparisons use a row unchanged, unless its `detail` states that it is
-- excluded.
-- Self-reported scores are not findings: most scores are self-reported.
create or replace view marts.data_quality as
select
    rule,
    model_id,
    detail
from staging.quality_findings;

comment on view marts.data_quality is 'One row per rule, model and finding: numbers that may be wrong, and rows that are excluded from leaderboards or price comparisons. A model without a finding may still have wrong numbers; marts.scores.evidence shows who confirmed a score';
comment on column marts.data_quality.rule is 'Kind of finding. On prices: no_offer, offer_not_available, offer_not_priced, provider_repeated, price_outlier, price_lopsided. On scores: no_score, no_independent_score, not_ranked, benchmark_not_comparable, score_disputed, score_outlier, score_above_max, normalized_score_out_of_range, source_is_placeholder, benchmark_name_differs, benchmark_name_shared. On records: model_name_shared, unknown_field, unreadable_value, record_rejected. On the catalog: model_unlisted, summary_rejected, summary_differs';
comment on column marts.data_quality.model_id is 'Id of the affected model. If no record and no summary of the model was ever accepted, marts.models does not contain the model';
comment on column marts.data_quality.detail is 'Affected offer, score or record, and the reason; prices in US dollars per million tokens';

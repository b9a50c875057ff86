-- Which numbers not to trust, and what the comparisons left out: one row for each, with the reason.
-- Grain: rule, model_id, detail.
-- Order: count(*) over (partition by rule), rule, model_id, detail. The rarest rule is first,
-- because it is the most specific.
-- Reads: staging.quality_findings.
-- Rows that no comparison uses say so; all others are included unchanged. That most scores are
-- reported by the model's maker is not a fault of a row.
create or replace view marts.data_quality as
select
    rule,
    model_id,
    detail
from staging.quality_findings;

comment on view marts.data_quality is 'One row per rule, model and thing found: which numbers not to trust, and what the comparisons left out. Nothing named here is dropped, and a model without a row is not thereby right; who vouches for a score is marts.scores.evidence';
comment on column marts.data_quality.rule is 'What was found. Of prices: no_offer, offer_not_available, offer_not_priced, provider_repeated, price_outlier, price_lopsided. Of scores: no_score, no_independent_score, not_ranked, benchmark_not_comparable, score_disputed, score_outlier, score_above_max, normalized_score_out_of_range, source_is_placeholder, benchmark_name_differs, benchmark_name_shared. Of records: model_name_shared, unknown_field, record_rejected';
comment on column marts.data_quality.model_id is 'Model that is affected; one whose record was rejected may be in no other view';
comment on column marts.data_quality.detail is 'The offer, score or record, and the reason, in words; prices in US dollars per million tokens';

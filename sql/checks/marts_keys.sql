-- The key of a mart is missing or occurs more than once: a comparison counts something twice.
-- Severity: error
-- Reads: every mart.
select
    'marts.models' as table_name,
    concat_ws(' / ', model_id) as key,
    count(*) as row_count
from marts.models
group by model_id
having
    count(*) > 1
    or model_id is null

union all

select
    'marts.offers' as table_name,
    concat_ws(' / ', model_id, provider_id, offer_no) as key,
    count(*) as row_count
from marts.offers
group by
    model_id,
    provider_id,
    offer_no
having
    count(*) > 1
    or model_id is null
    or provider_id is null
    or offer_no is null

union all

select
    'marts.model_prices' as table_name,
    concat_ws(' / ', model_id) as key,
    count(*) as row_count
from marts.model_prices
group by model_id
having
    count(*) > 1
    or model_id is null

union all

select
    'marts.providers' as table_name,
    concat_ws(' / ', provider_id) as key,
    count(*) as row_count
from marts.providers
group by provider_id
having
    count(*) > 1
    or provider_id is null

union all

select
    'marts.scores' as table_name,
    concat_ws(' / ', model_id, benchmark_id) as key,
    count(*) as row_count
from marts.scores
group by
    model_id,
    benchmark_id
having
    count(*) > 1
    or model_id is null
    or benchmark_id is null

union all

select
    'marts.benchmarks' as table_name,
    concat_ws(' / ', benchmark_id) as key,
    count(*) as row_count
from marts.benchmarks
group by benchmark_id
having
    count(*) > 1
    or benchmark_id is null

union all

select
    'marts.leaderboard' as table_name,
    concat_ws(' / ', category, evidence_scope, model_id) as key,
    count(*) as row_count
from marts.leaderboard
group by
    category,
    evidence_scope,
    model_id
having
    count(*) > 1
    or category is null
    or evidence_scope is null
    or model_id is null

union all

select
    'marts.price_performance' as table_name,
    concat_ws(' / ', model_id, benchmark_id) as key,
    count(*) as row_count
from marts.price_performance
group by
    model_id,
    benchmark_id
having
    count(*) > 1
    or model_id is null
    or benchmark_id is null

union all

select
    'marts.price_history' as table_name,
    concat_ws(' / ', model_id, provider_id, offer_no, valid_from) as key,
    count(*) as row_count
from marts.price_history
group by
    model_id,
    provider_id,
    offer_no,
    valid_from
having
    count(*) > 1
    or model_id is null
    or provider_id is null
    or offer_no is null
    or valid_from is null

union all

select
    'marts.price_changes' as table_name,
    concat_ws(' / ', model_id, provider_id, offer_no, changed_at, kind) as key,
    count(*) as row_count
from marts.price_changes
group by
    model_id,
    provider_id,
    offer_no,
    changed_at,
    kind
having
    count(*) > 1
    or model_id is null
    or provider_id is null
    or offer_no is null
    or changed_at is null
    or kind is null

union all

select
    'marts.score_changes' as table_name,
    concat_ws(' / ', model_id, benchmark_id, score_no, changed_at, kind) as key,
    count(*) as row_count
from marts.score_changes
group by
    model_id,
    benchmark_id,
    score_no,
    changed_at,
    kind
having
    count(*) > 1
    or model_id is null
    or benchmark_id is null
    or score_no is null
    or changed_at is null
    or kind is null

union all

select
    'marts.freshness' as table_name,
    concat_ws(' / ', model_id) as key,
    count(*) as row_count
from marts.freshness
group by model_id
having
    count(*) > 1
    or model_id is null

union all

select
    'marts.data_quality' as table_name,
    concat_ws(' / ', rule, model_id, detail) as key,
    count(*) as row_count
from marts.data_quality
group by
    rule,
    model_id,
    detail
having
    count(*) > 1
    or rule is null
    or model_id is null
    or detail is null

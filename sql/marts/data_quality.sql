-- Which numbers not to trust, and what the comparisons left out: one row for each, with the reason.
-- Grain: rule, model_id, detail.
-- Reads: staging.models, staging.offers, staging.scores, staging.fetches, marts.offers,
-- marts.scores, staging.is_most_common, staging.number_text, staging.offer_label,
-- staging.benchmark_label.
-- Rows that no comparison uses say so; all others are included unchanged. That most scores are
-- reported
-- by the model's maker is not a fault of a row.
create or replace view marts.data_quality as
with
listed_offers as (
    select
        model_id,
        provider_id,
        offer_number,
        status,
        is_available,
        is_free,
        price_rank,
        input_usd_per_mtok,
        output_usd_per_mtok
    from marts.offers
),

-- Among the offers that marts.model_prices compares. Of two middle prices the lower one: an absurd
-- price would hide in its own median.
median_prices as (
    select
        model_id,
        quantile_disc(input_usd_per_mtok, 0.5) as median_input_usd_per_mtok,
        quantile_disc(output_usd_per_mtok, 0.5) as median_output_usd_per_mtok
    from listed_offers
    where
        price_rank is not null
        and not is_free
    group by model_id
),

compared_scores as (
    select
        model_id,
        benchmark_id,
        benchmark_name,
        value,
        model_count,
        is_comparable,
        not_comparable_reason,
        evidence,
        score,
        score_count,
        is_disputed
    from marts.scores
),

median_values as (
    select
        benchmark_id,
        median(value) as median_value
    from compared_scores
    where
        is_comparable
        and model_count >= 3
    group by benchmark_id
),

counted_scores as (
    select
        model_id,
        count(*) as score_count,
        count(*) filter (where evidence <> 'self_reported') as independent_count,
        count(*) filter (where is_comparable and model_count >= 3) as counted_count
    from compared_scores
    group by model_id
),

benchmark_names as (
    select
        benchmark_id,
        benchmark_name
    from compared_scores
    group by
        benchmark_id,
        benchmark_name
    qualify staging.is_most_common(benchmark_id, benchmark_name)
),

shared_benchmark_names as (
    select
        benchmark_name,
        count(*) as benchmark_count
    from benchmark_names
    group by benchmark_name
    having count(*) > 1
),

shared_model_names as (
    select
        model_name,
        count(*) as model_count
    from staging.models
    group by model_name
    having count(*) > 1
),

last_fetches as (
    select
        model_id,
        outcome,
        message
    from staging.fetches
    qualify row_number() over (partition by model_id order by requested_at desc, load_id desc) = 1
)

select
    'no_offer' as rule,
    models.model_id,
    'no provider listed: in no price comparison' as detail
from staging.models as models
left join listed_offers on models.model_id = listed_offers.model_id
where listed_offers.model_id is null

union all

select
    'offer_not_available' as rule,
    model_id,
    staging.offer_label(provider_id, offer_number)
    || 'status is "' || status || '", in no price comparison' as detail
from listed_offers
where not is_available

union all

select
    'offer_not_priced' as rule,
    model_id,
    staging.offer_label(provider_id, offer_number)
    || case
        when input_usd_per_mtok is not null then 'output price'
        when output_usd_per_mtok is not null then 'input price'
        else 'both prices'
    end
    || ' not published, in no price comparison' as detail
from listed_offers
where
    input_usd_per_mtok is null
    or output_usd_per_mtok is null

union all

select
    'provider_repeated' as rule,
    model_id,
    'provider ' || provider_id || ': listed ' || cast(count(*) as varchar) || ' times for this model' as detail
from listed_offers
group by
    model_id,
    provider_id
having count(*) > 1

union all

select
    'price_outlier' as rule,
    listed_offers.model_id,
    staging.offer_label(listed_offers.provider_id, listed_offers.offer_number)
    || 'input price ' || staging.number_text(listed_offers.input_usd_per_mtok)
    || ' is 100 times the model''s median ' || staging.number_text(median_prices.median_input_usd_per_mtok)
    || ' or more' as detail
from listed_offers
inner join median_prices on listed_offers.model_id = median_prices.model_id
where
    median_prices.median_input_usd_per_mtok > 0
    and listed_offers.input_usd_per_mtok / 100 >= median_prices.median_input_usd_per_mtok

union all

select
    'price_outlier' as rule,
    listed_offers.model_id,
    staging.offer_label(listed_offers.provider_id, listed_offers.offer_number)
    || 'output price ' || staging.number_text(listed_offers.output_usd_per_mtok)
    || ' is 100 times the model''s median ' || staging.number_text(median_prices.median_output_usd_per_mtok)
    || ' or more' as detail
from listed_offers
inner join median_prices on listed_offers.model_id = median_prices.model_id
where
    median_prices.median_output_usd_per_mtok > 0
    and listed_offers.output_usd_per_mtok / 100 >= median_prices.median_output_usd_per_mtok

union all

-- the only offer of a model is its own median, so an absurd price shows only in its proportions
select
    'price_lopsided' as rule,
    model_id,
    staging.offer_label(provider_id, offer_number)
    || 'input price ' || staging.number_text(input_usd_per_mtok)
    || ' and output price ' || staging.number_text(output_usd_per_mtok)
    || ' are a factor of 100 or more apart' as detail
from listed_offers
where
    input_usd_per_mtok > 0
    and output_usd_per_mtok > 0
    and (
        output_usd_per_mtok / 100 >= input_usd_per_mtok
        or input_usd_per_mtok / 100 >= output_usd_per_mtok
    )

union all

select
    'no_score' as rule,
    models.model_id,
    'no score listed: on no leaderboard' as detail
from staging.models as models
left join counted_scores on models.model_id = counted_scores.model_id
where counted_scores.model_id is null

union all

select
    'no_independent_score' as rule,
    model_id,
    'all scores (' || cast(score_count as varchar) || ') rest on the model''s maker alone: not on the independent leaderboard' as detail
from counted_scores
where independent_count = 0

union all

select
    'not_ranked' as rule,
    model_id,
    'counted benchmarks: ' || cast(counted_count as varchar) || ', a rank takes 3' as detail
from counted_scores
where counted_count < 3

union all

select
    'benchmark_not_comparable' as rule,
    model_id,
    staging.benchmark_label(benchmark_id) || not_comparable_reason || ', counts in no leaderboard and in no price comparison' as detail
from compared_scores
where not is_comparable

union all

select
    'score_disputed' as rule,
    model_id,
    staging.benchmark_label(benchmark_id) || cast(score_count as varchar) || ' scores listed that differ, chosen is '
    || staging.number_text(score) || ' (' || evidence || ')' as detail
from compared_scores
where is_disputed

union all

-- not ten times: a slip of ten in the value of a good model is less than ten times from the median
select
    'score_outlier' as rule,
    compared_scores.model_id,
    staging.benchmark_label(compared_scores.benchmark_id) || 'value ' || staging.number_text(compared_scores.value)
    || case
        when compared_scores.value / 8 > median_values.median_value then ' is more than eight times the median '
        else ' is less than an eighth of the median '
    end
    || staging.number_text(median_values.median_value) || ', perhaps in another unit' as detail
from compared_scores
inner join median_values on compared_scores.benchmark_id = median_values.benchmark_id
where
    median_values.median_value > 0
    and (
        compared_scores.value / 8 > median_values.median_value
        or compared_scores.value < median_values.median_value / 8
    )

union all

select distinct
    'score_above_max' as rule,
    model_id,
    staging.benchmark_label(benchmark_id) || 'score ' || staging.number_text(score)
    || ' is above its maximum ' || staging.number_text(max_score) as detail
from staging.scores
where score > max_score

union all

select distinct
    'normalized_score_out_of_range' as rule,
    model_id,
    staging.benchmark_label(benchmark_id) || 'normalized score ' || staging.number_text(normalized_score)
    || ' is not within 0 and 1' as detail
from staging.scores
where normalized_score not between 0 and 1

union all

select distinct
    'source_is_placeholder' as rule,
    model_id,
    staging.benchmark_label(benchmark_id) || 'score ' || staging.number_text(score)
    || ' is sourced to ' || source_url as detail
from staging.scores
where
    source_url like '%://example.%'
    or source_url like '%://www.example.%'

union all

select
    'benchmark_name_differs' as rule,
    compared_scores.model_id,
    staging.benchmark_label(compared_scores.benchmark_id) || 'called "' || compared_scores.benchmark_name
    || '" here and "' || benchmark_names.benchmark_name || '" elsewhere' as detail
from compared_scores
inner join benchmark_names on compared_scores.benchmark_id = benchmark_names.benchmark_id
where lower(replace(compared_scores.benchmark_name, '-', ' ')) <> lower(replace(benchmark_names.benchmark_name, '-', ' '))

union all

select
    'benchmark_name_shared' as rule,
    compared_scores.model_id,
    staging.benchmark_label(compared_scores.benchmark_id) || 'one of ' || cast(shared_benchmark_names.benchmark_count as varchar)
    || ' benchmarks called "' || shared_benchmark_names.benchmark_name || '", compared apart' as detail
from compared_scores
inner join benchmark_names on compared_scores.benchmark_id = benchmark_names.benchmark_id
inner join shared_benchmark_names on benchmark_names.benchmark_name = shared_benchmark_names.benchmark_name

union all

select
    'model_name_shared' as rule,
    models.model_id,
    'one of ' || cast(shared_model_names.model_count as varchar) || ' models called "' || shared_model_names.model_name || '"' as detail
from staging.models as models
inner join shared_model_names on models.model_name = shared_model_names.model_name

union all

select
    'unknown_field' as rule,
    model_id,
    'record: ' || left(cast(extra as varchar), 200) as detail
from staging.models
where extra is not null

union all

select distinct
    'unknown_field' as rule,
    model_id,
    'provider ' || provider_id || ': ' || left(cast(extra as varchar), 200) as detail
from staging.offers
where extra is not null

union all

select distinct
    'unknown_field' as rule,
    model_id,
    staging.benchmark_label(benchmark_id) || left(cast(extra as varchar), 200) as detail
from staging.scores
where extra is not null

union all

select
    'record_rejected' as rule,
    model_id,
    'last answer was refused: ' || coalesce(message, 'no reason given') as detail
from last_fetches
where outcome = 'rejected';

comment on view marts.data_quality is 'One row per rule, model and thing found: which numbers not to trust, and what the comparisons left out. Nothing named here is dropped, and a model without a row is not thereby right; who vouches for a score is marts.scores.evidence';
comment on column marts.data_quality.rule is 'What was found. Of prices: no_offer, offer_not_available, offer_not_priced, provider_repeated, price_outlier, price_lopsided. Of scores: no_score, no_independent_score, not_ranked, benchmark_not_comparable, score_disputed, score_outlier, score_above_max, normalized_score_out_of_range, source_is_placeholder, benchmark_name_differs, benchmark_name_shared. Of records: model_name_shared, unknown_field, record_rejected';
comment on column marts.data_quality.model_id is 'Model that is affected; one whose record was refused may be in no other view';
comment on column marts.data_quality.detail is 'The offer, score or record, and the reason, in words; prices in US dollars per million tokens';

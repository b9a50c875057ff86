-- Price against quality of the priced models: on each comparable benchmark (`kind` is `benchmark`),
-- or on each leaderboard (`kind` is `leaderboard`).
-- Grain: benchmark_id, category, evidence_scope, model_id. benchmark_id is null for leaderboards;
-- category and evidence_scope are null for benchmarks.
-- Reads: staging.cheapest_offers, staging.compared_scores, marts.leaderboard, staging.is_pareto.
create or replace macro staging.price_frontiers(kind) as table
with
quality as (
    select
        benchmark_id,
        cast(null as varchar) as category,
        cast(null as varchar) as evidence_scope,
        benchmark_id as group_id,
        model_id,
        value,
        directed_value,
        is_lower_better,
        cast(null as bigint) as rank,
        cast(null as bigint) as benchmark_count,
        cast(null as double) as self_reported_share
    from staging.compared_scores
    where
        kind = 'benchmark'
        and evidence_scope = 'all'
        and not_comparable_reason is null
    union all
    select
        cast(null as varchar) as benchmark_id,
        category,
        evidence_scope,
        category || ' ' || evidence_scope as group_id,
        model_id,
        adjusted_win_rate as value,
        adjusted_win_rate as directed_value,
        false as is_lower_better,
        rank,
        benchmark_count,
        self_reported_share
    from marts.leaderboard
    where
        kind = 'leaderboard'
        and rank is not null
),

priced_models as (
    select
        quality.benchmark_id,
        quality.category,
        quality.evidence_scope,
        quality.group_id,
        quality.model_id,
        quality.value,
        quality.directed_value,
        quality.is_lower_better,
        quality.rank,
        quality.benchmark_count,
        quality.self_reported_share,
        offers.provider_id,
        offers.price_usd_per_mtok,
        offers.paid_price_usd_per_mtok,
        offers.is_suspect,
        offers.is_paid_price_suspect
    from quality
    inner join staging.cheapest_offers as offers on quality.model_id = offers.model_id
),

best_values as (
    select
        group_id,
        price_usd_per_mtok,
        max(directed_value) as directed_value
    from priced_models
    group by
        group_id,
        price_usd_per_mtok
),

frontier_points as (
    select
        group_id,
        price_usd_per_mtok,
        directed_value
    from best_values
    qualify staging.is_pareto(group_id, price_usd_per_mtok, directed_value)
),

paid_best_values as (
    select
        group_id,
        paid_price_usd_per_mtok,
        max(directed_value) as directed_value
    from priced_models
    where paid_price_usd_per_mtok is not null
    group by
        group_id,
        paid_price_usd_per_mtok
),

paid_frontier_points as (
    select
        group_id,
        paid_price_usd_per_mtok,
        directed_value
    from paid_best_values
    qualify staging.is_pareto(group_id, paid_price_usd_per_mtok, directed_value)
),

frontier_models as (
    select
        frontier_points.group_id,
        frontier_points.price_usd_per_mtok,
        frontier_points.directed_value,
        min(priced_models.model_id) as model_id
    from priced_models
    inner join frontier_points
        on
            priced_models.group_id = frontier_points.group_id
            and priced_models.price_usd_per_mtok = frontier_points.price_usd_per_mtok
            and priced_models.directed_value = frontier_points.directed_value
    group by
        frontier_points.group_id,
        frontier_points.price_usd_per_mtok,
        frontier_points.directed_value
),

-- Each frontier model with its value, and the value of the next worse frontier model. A model whose
-- value is between both values costs at least as much as the better of the two.
frontier_steps as (
    select
        group_id,
        price_usd_per_mtok,
        directed_value,
        model_id,
        lag(directed_value, 1, cast('-infinity' as double)) over (
            partition by group_id
            order by directed_value
        ) as next_worse_value
    from frontier_models
)

select
    priced_models.benchmark_id,
    priced_models.category,
    priced_models.evidence_scope,
    priced_models.model_id,
    priced_models.value,
    priced_models.is_lower_better,
    priced_models.rank,
    priced_models.benchmark_count,
    priced_models.self_reported_share,
    priced_models.provider_id,
    priced_models.price_usd_per_mtok,
    priced_models.paid_price_usd_per_mtok,
    priced_models.is_suspect,
    priced_models.is_paid_price_suspect,
    dominating.model_id is null as is_pareto,
    paid_frontier_points.group_id is not null as is_pareto_paid,
    dominating.model_id as dominated_by_model_id,
    count(*) over (partition by priced_models.group_id) as priced_model_count
from priced_models
left join frontier_steps as dominating
    on
        priced_models.group_id = dominating.group_id
        and priced_models.directed_value <= dominating.directed_value
        and priced_models.directed_value > dominating.next_worse_value
        and (
            priced_models.price_usd_per_mtok > dominating.price_usd_per_mtok
            or priced_models.directed_value < dominating.directed_value
        )
left join paid_frontier_points
    on
        priced_models.group_id = paid_frontier_points.group_id
        and priced_models.paid_price_usd_per_mtok = paid_frontier_points.paid_price_usd_per_mtok
        and priced_models.directed_value = paid_frontier_points.directed_value;

comment on macro table staging.price_frontiers is 'Price against quality of the priced models, and whether each model is on the Pareto frontier';

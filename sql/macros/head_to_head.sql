-- One model against every other model: `from marts.head_to_head('gpt-5-2025-08-07')`.
-- Grain: opponent_model_id. Only opponents that share a leaderboard benchmark with the model.
-- Reads: staging.compared_scores.
create or replace macro marts.head_to_head(model) as table
with
counted_scores as (
    select
        model_id,
        benchmark_id,
        directed_value
    from staging.compared_scores
    where
        evidence_scope = 'all'
        and is_counted
),

own_scores as (
    select
        model_id,
        benchmark_id,
        directed_value
    from counted_scores
    where model_id = model
)

select
    opponents.model_id as opponent_model_id,
    count(*) as shared_benchmark_count,
    count(*) filter (where own_scores.directed_value > opponents.directed_value) as win_count,
    count(*) filter (where own_scores.directed_value = opponents.directed_value) as tie_count,
    count(*) filter (where own_scores.directed_value < opponents.directed_value) as loss_count
from own_scores
inner join counted_scores as opponents
    on
        own_scores.benchmark_id = opponents.benchmark_id
        and own_scores.model_id <> opponents.model_id
group by opponents.model_id
order by
    shared_benchmark_count desc,
    opponent_model_id;

comment on macro table marts.head_to_head is 'Wins, ties and losses of a model against every other model, on the benchmarks of the leaderboard (category `overall`, scope `all`) on which both models have a score. Opponents with the most shared benchmarks come first. `model` is a model_id. The result is empty if the model has no score on a benchmark of the leaderboard. In an attached database, run `use <its name>` first';

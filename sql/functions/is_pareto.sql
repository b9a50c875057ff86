-- Whether the best value at a price is on the frontier: better than all values at lower prices.
-- Reads: nothing.
-- For `qualify`, over one row per group and price. `best_value` is the best value at that price;
-- where lower is better, it is negated.
create or replace macro staging.is_pareto(group_id, price, best_value) as
    coalesce(
        best_value > max(best_value) over (
            partition by group_id
            order by price
            rows between unbounded preceding and 1 preceding
        ),
        true
    );

comment on macro staging.is_pareto is 'True if the best value at a price is better than all at lower prices';

-- True for a row on the Pareto frontier of price and value within its group.
-- Reads: nothing.
-- A higher `directed_value` is better: negate the values where lower is better. A row on the
-- frontier is better than all cheaper rows, and at least as good as all rows with the same price.
-- Rows without a price are not on the frontier. For speed, pass only the best row of each price.
create or replace macro staging.is_pareto(group_id, price, directed_value) as
    coalesce(
        price = min(price) over (partition by group_id order by directed_value desc)
        and directed_value = max(directed_value) over (partition by group_id, price),
        false
    );

comment on macro staging.is_pareto is 'True for a row on the Pareto frontier: the row is better than all cheaper rows of the group, and at least as good as all rows with the same price';

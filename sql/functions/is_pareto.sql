-- True for a row on the Pareto frontier of price and value within its group.
-- Reads: nothing.
-- A higher `directed_value` is better: negate the values where lower is better. A row is on the
-- frontier if no cheaper row is as good or better, and no row at the same price is better. Rows with
-- equal price and value are either all on the frontier or all off it. A row without a price is never
-- on it. For speed, pass only the best row of each price.
create or replace macro staging.is_pareto(group_id, price, directed_value) as
    coalesce(
        price = min(price) over (partition by group_id order by directed_value desc)
        and directed_value = max(directed_value) over (partition by group_id, price),
        false
    );

comment on macro staging.is_pareto is 'True for a row on the Pareto frontier: every other row of the group is worse, more expensive, or equal in both value and price';

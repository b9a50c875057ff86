-- True for a row on the Pareto frontier of price and goodness within its group; higher goodness is
-- better.
-- Reads: nothing.
-- A row is on the frontier if it is the cheapest of all rows that are at least as good, and the
-- best of all rows at its price. Of rows with equal price and goodness, all or none are on it. A
-- row without a price is not. For speed, pass only the best row of each price.
create or replace macro staging.is_pareto(group_id, price, goodness) as
    coalesce(
        price = min(price) over (partition by group_id order by goodness desc)
        and goodness = max(goodness) over (partition by group_id, price),
        false
    );

comment on macro staging.is_pareto is 'True if no other row of the group is at least as cheap and at least as good, and strictly better in price or goodness';

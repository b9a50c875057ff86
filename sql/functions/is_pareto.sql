-- Whether a row is on the frontier of price and goodness within its group; of goodness, more is
-- better.
-- Reads: nothing.
-- On the frontier is a row that is the cheapest of all that are as good or better, and the best of
-- its price. Exact ties are all on it. False without a price. Over many rows, call it on the best
-- of each price only.
create or replace macro staging.is_pareto(group_id, price, goodness) as
    coalesce(
        price = min(price) over (partition by group_id order by goodness desc)
        and goodness = max(goodness) over (partition by group_id, price),
        false
    );

comment on macro staging.is_pareto is 'True if no other row of the group is as cheap and as good, and better in one of the two';

-- Share of the other models that a model beats; a tie counts half; null if there is no other model.
-- Reads: nothing.
-- `no_better_count` is the number of models with an equal or worse value. `tie_count` is the number
-- of models with an equal value. Both numbers include the model itself. The macro divides doubles,
-- because engines divide decimals with different precision.
create or replace macro staging.win_rate(no_better_count, tie_count, model_count) as
    (no_better_count - (tie_count + 1) / cast(2 as double)) / nullif(model_count - 1, 0);

comment on macro staging.win_rate is 'Share of the other models that a model beats; a tie counts half; null if there is no other model';

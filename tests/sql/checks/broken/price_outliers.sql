-- a price far from the model's others
insert into marts.data_quality values ('price_outlier', 'm1', 'why');

-- an input and an output price far from each other
insert into marts.data_quality values ('price_lopsided', 'm1', 'why');

-- From schema version 2 to 3: persistent tables and their columns get clearer names.

alter table history.offers rename column offer_no to offer_number;
alter table history.scores rename column score_no to score_number;
alter table history.table_rows rename to row_counts;
alter table history.layout rename to schema_version;
alter table if exists raw.defined_by rename to sql_fingerprint;

-- input prices times 1000
update staging.last_load set load_id = (select max(offers_load_id) from history.models);
delete from history.offers where valid_to is not null;
update history.offers set valid_from = '2026-01-02';
insert into history.offers select * replace (timestamp '2026-01-01' as valid_from, timestamp '2026-01-02' as valid_to, input_usd_per_mtok / 1000 as input_usd_per_mtok) from history.offers;

-- input prices divided by a million
update staging.last_load set load_id = (select max(offers_load_id) from history.models);
delete from history.offers where valid_to is not null;
update history.offers set valid_from = '2026-01-02';
insert into history.offers select * replace (timestamp '2026-01-01' as valid_from, timestamp '2026-01-02' as valid_to, input_usd_per_mtok * 1e6 as input_usd_per_mtok) from history.offers;

-- output prices times 100, rounded
update staging.last_load set load_id = (select max(offers_load_id) from history.models);
delete from history.offers where valid_to is not null;
update history.offers set valid_from = '2026-01-02', output_usd_per_mtok = coalesce(output_usd_per_mtok, 1);
insert into history.offers select * replace (timestamp '2026-01-01' as valid_from, timestamp '2026-01-02' as valid_to, round(output_usd_per_mtok / 100, 4) * 1.004 as output_usd_per_mtok) from history.offers;

-- input prices of 0
update staging.last_load set load_id = (select max(offers_load_id) from history.models);
delete from history.offers where valid_to is not null;
update history.offers set valid_from = '2026-01-02', input_usd_per_mtok = 0;
insert into history.offers select * replace (timestamp '2026-01-01' as valid_from, timestamp '2026-01-02' as valid_to, 1 as input_usd_per_mtok) from history.offers;

-- without input prices
update staging.last_load set load_id = (select max(offers_load_id) from history.models);
delete from history.offers where valid_to is not null;
update history.offers set valid_from = '2026-01-02', input_usd_per_mtok = null;
insert into history.offers select * replace (timestamp '2026-01-01' as valid_from, timestamp '2026-01-02' as valid_to, 0 as input_usd_per_mtok) from history.offers;

-- without output prices
update staging.last_load set load_id = (select max(offers_load_id) from history.models);
delete from history.offers where valid_to is not null;
update history.offers set valid_from = '2026-01-02', output_usd_per_mtok = null;
insert into history.offers select * replace (timestamp '2026-01-01' as valid_from, timestamp '2026-01-02' as valid_to, 0 as output_usd_per_mtok) from history.offers;

-- a new word for the status
update staging.last_load set load_id = (select max(offers_load_id) from history.models);
delete from history.offers where valid_to is not null;
update history.offers set valid_from = '2026-01-02', status = 'on';
insert into history.offers select * replace (timestamp '2026-01-01' as valid_from, timestamp '2026-01-02' as valid_to, 'active' as status) from history.offers;

"""The query that `poll_file.py` and `poll_postgres.py` send at each poll."""

STATE = """
    select
        (select count(distinct _dlt_load_id) from raw.models),
        (select max(_dlt_load_id) from raw.fetches) = (select max(_dlt_load_id) from raw.models),
        (select count(*) from raw.fetches
            where _dlt_load_id = (select max(_dlt_load_id) from raw.models))
            = (select count(*) from raw.models),
        (select count(*) from raw.models__providers) = (select count(*) from marts.offers),
        (select count(*) from raw.models__providers)
            = (select count(*) from history.offers where valid_to is null),
        (select count(distinct input_usd_per_mtok) from marts.offers),
        (select cast(max(input_usd_per_mtok) as int) from marts.offers)
"""

"""`marts.model_price_history` on random histories, compared with the prices at each moment.

Each history consists of up to six reads of the catalog. A read lists each model with random offers,
or does not list it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.history_database import empty, write_history
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record

pytestmark = pytest.mark.slow

_VIEW = "marts.model_price_history"
_START = dt.datetime(2026, 1, 1)  # noqa: DTZ001  every stored time is UTC without a zone
_MODELS = ("m", "n")

offers = st.builds(
    make_offer,
    st.sampled_from(["p", "q", "r"]),
    st.sampled_from([0, 1, 2, None]),
    st.sampled_from([0, 1, 2]),
    status=st.sampled_from(["active", "active", "paused"]),
)
catalogs = st.dictionaries(st.sampled_from(_MODELS), st.lists(offers, max_size=4))


@settings(max_examples=10, derandomize=True, database=None)
@given(reads=st.lists(catalogs, min_size=1, max_size=6))
def test_rows_are_the_lowest_prices_at_each_moment(
    built_tables: RawTables, reads: list[dict[str, list[dict[str, Any]]]]
) -> None:
    empty(built_tables)
    moments = [_START + dt.timedelta(days=day) for day in range(len(reads))]
    for moment, catalog in zip(moments, reads, strict=True):
        records = [make_record(name, providers=providers) for name, providers in catalog.items()]
        built_tables.read_catalog(records, moment)
        write_history(built_tables, read_by=[_VIEW])
    prices = _lowest_prices(built_tables, moments)
    expected = [row for name in _MODELS for row in _stretches(name, moments, prices)]
    rows = built_tables.prepared.execute(
        f"""
        select model_id, valid_from, valid_to, is_current, min_blended_usd_per_mtok, provider_ids
        from {_VIEW} order by model_id, valid_from
        """
    ).rows
    assert rows == expected


def _lowest_prices(
    tables: RawTables, moments: list[dt.datetime]
) -> list[dict[str, tuple[float, list[str]]]]:
    """Return, for each moment, each model's lowest price above 0 and the providers with it."""
    rows = tables.connection.execute(
        """
        select moment, model_id, blended_usd_per_mtok, provider_id
        from
            (select unnest($moments::timestamp[]) as moment) as moments,
            marts.prices_as_of(moments.moment)
        where is_available and blended_usd_per_mtok > 0
        """,
        {"moments": moments},
    ).fetchall()
    return [_lowest(row[1:] for row in rows if row[0] == moment) for moment in moments]


def _lowest(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[float, list[str]]]:
    """Return the lowest price and its providers by model, from (model, price, provider)."""
    found: dict[str, dict[float, set[str]]] = {}
    for name, price, provider in rows:
        found.setdefault(name, {}).setdefault(price, set()).add(provider)
    return {name: (min(prices), sorted(prices[min(prices)])) for name, prices in found.items()}


def _stretches(
    name: str,
    moments: list[dt.datetime],
    prices: list[dict[str, tuple[float, list[str]]]],
) -> list[tuple[Any, ...]]:
    """Return the expected rows of a model; consecutive equal prices are one row."""
    states = [None, *(price.get(name) for price in prices)]
    starts = [
        (moment, after)
        for moment, (before, after) in zip(moments, pairwise(states), strict=True)
        if before != after
    ]
    return [
        (name, start, end, end is None, *state)
        for (start, state), (end, _) in pairwise([*starts, (None, None)])
        if state is not None
    ]

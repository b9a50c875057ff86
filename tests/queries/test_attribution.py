"""Attribution: the date of the newest record or summary; another text for invented models."""

from __future__ import annotations

import datetime as dt
from typing import cast

from llm_stats.queries.attribution import SAMPLE_TEXT, Attribution, read_attribution
from llm_stats.sample import today
from llm_stats.warehouse.reader import Reader
from support.connection_reader import ConnectionReader
from support.raw_tables import RawTables
from support.record_factory import make_record

DAY_1 = dt.datetime(2026, 11, 22, 5)  # noqa: DTZ001  stored times are UTC without a zone
DAY_2 = dt.datetime(2026, 11, 23, 5)  # noqa: DTZ001


def attribution(raw: RawTables) -> Attribution:
    raw.apply()
    return read_attribution(cast(Reader, ConnectionReader(raw)))


def test_newest_record_gives_the_date(raw: RawTables) -> None:
    raw.load([make_record("a")], DAY_1)
    raw.load([make_record("b")], DAY_2)
    text = "Source: LLM Stats (https://llm-stats.com), retrieved 2026-11-23."
    assert attribution(raw).text == text


def test_catalog_that_is_newer_than_all_records_gives_the_date(raw: RawTables) -> None:
    raw.load([make_record("a")], DAY_1)
    raw.read_catalog([make_record("a")], DAY_2)
    assert attribution(raw).retrieved_at == DAY_2


def test_sample_is_not_attributed(raw: RawTables) -> None:
    raw.load(today()[:2], DAY_1)
    assert attribution(raw).text == SAMPLE_TEXT


def test_sample_next_to_real_models_is_attributed(raw: RawTables) -> None:
    raw.load([*today()[:2], make_record("a")], DAY_1)
    assert attribution(raw).text.startswith("Source: LLM Stats (https://llm-stats.com)")


def test_warehouse_without_models_has_no_date(raw: RawTables) -> None:
    assert attribution(raw).text == "Source: LLM Stats (https://llm-stats.com)."

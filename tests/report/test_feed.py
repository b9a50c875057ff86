"""Atom feed: entries, ids, threshold, order, attribution, untrusted names, files it replaces."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import feedparser
import pytest
from llm_stats.queries import changes
from llm_stats.queries.attribution import SAMPLE_TEXT
from llm_stats.report import feed as feed_module
from llm_stats.report.feed import feed
from llm_stats.sample import SampleApi
from llm_stats.warehouse.reader import Reader
from support.command import Command
from support.connection_reader import ConnectionReader
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record
from support.report_fixtures import FIRST_DAY, HOSTILE, load_days
from support.small_tables import small_tables

pytestmark = pytest.mark.slow

ATOM = "{http://www.w3.org/2005/Atom}"


def read(raw: RawTables, min_change_pct: float = 0) -> Any:
    """Return the feed of all changes, parsed; assert that it is well-formed."""
    text = feed(cast(Reader, ConnectionReader(raw)), FIRST_DAY, min_change_pct)
    parsed = feedparser.parse(text)
    assert not parsed.bozo, parsed.bozo_exception
    assert parsed.version == "atom10"
    return parsed


def prices(*days: float) -> list[list[dict[str, Any]]]:
    """Return a catalog for each day. Its only model has one offer, with the day's input price."""
    url = "https://llm-stats.com/models/m"
    return [[make_record("m", providers=[make_offer("p", day, 1)], url=url)] for day in days]


def test_entries_are_the_changes_newest_first_then_largest_first(raw: RawTables) -> None:
    def offers(price: float, other: float) -> list[dict[str, Any]]:
        return [make_record("m", providers=[make_offer("p", price, 1), make_offer("q", other, 1)])]

    load_days(raw, offers(10, 10), offers(9, 5), offers(8, 5))
    assert [
        (entry.title, entry.updated[:10], entry.tags[0].term) for entry in read(raw).entries
    ] == [
        ("m at p: input 9.00 → 8.00 (−11 %)", "2026-11-22", "price_changed"),
        ("m at q: input 10.00 → 5.00 (−50 %)", "2026-11-21", "price_changed"),
        ("m at p: input 10.00 → 9.00 (−10 %)", "2026-11-21", "price_changed"),
    ]


def test_models_that_join_and_leave_are_entries(raw: RawTables) -> None:
    load_days(raw, [make_record("a"), make_record("b")], [make_record("b"), make_record("c")])
    titles = {entry.title for entry in read(raw).entries}
    assert titles == {"a: left the catalog", "c: new in the catalog"}


def test_ids_stay_the_same_when_later_changes_are_added(raw: RawTables) -> None:
    load_days(raw, *prices(10))
    assert read(raw).entries == []
    raw.load(prices(9)[0], FIRST_DAY + dt.timedelta(days=1))
    raw.apply()
    before = read(raw)
    raw.load(prices(8)[0], FIRST_DAY + dt.timedelta(days=2))
    raw.apply()
    after = read(raw)
    ids = [entry.id for entry in after.entries]
    assert ids[1:] == [entry.id for entry in before.entries]
    assert len(set(ids)) == 2
    assert after.feed.id == before.feed.id
    assert all(id_.startswith("urn:uuid:") for id_ in (*ids, after.feed.id))


def test_changes_of_one_model_at_the_same_time_have_different_ids(raw: RawTables) -> None:
    """Two offers of one provider change their price and their status."""

    def day(price: float, status: str) -> list[dict[str, Any]]:
        offers = [make_offer("p", price + extra, 1, status=status) for extra in (0, 100)]
        return [make_record("m", providers=offers)]

    load_days(raw, day(10, "active"), day(9, "retired"))
    assert len({entry.id for entry in read(raw).entries}) == 4


def test_source_is_named_in_the_feed_and_in_each_of_at_most_1000_entries(
    raw: RawTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_days(raw, *prices(10, 9))
    parsed = read(raw)
    line = "Source: LLM Stats (https://llm-stats.com), retrieved 2026-11-21."
    assert parsed.feed.title == "Changes of LLM prices and scores"
    assert parsed.feed.language == "en"
    assert parsed.feed.link == "https://llm-stats.com"
    assert parsed.feed.rights == line
    assert parsed.feed.subtitle == line
    assert parsed.feed.author_detail.name == "LLM Stats"
    assert parsed.feed.author_detail.href == "https://llm-stats.com"
    (entry,) = parsed.entries
    assert '<a href="https://llm-stats.com">LLM Stats</a>' in entry.summary
    assert entry.link == "https://llm-stats.com/models/m"
    assert entry.updated == "2026-11-21T12:00:00+00:00"
    reader = cast(Reader, ConnectionReader(raw))
    one = changes.since(reader, FIRST_DAY)
    many = dataclasses.replace(one, rows=one.rows * 1002)
    monkeypatch.setattr(changes, "since", lambda *_: many)
    text = feed(reader, FIRST_DAY)
    assert text.count("<entry>") == 1000
    assert "2 older changes are omitted." in text


def test_file_has_the_changes_of_thirty_days(raw: RawTables, tmp_path: Path) -> None:
    for days_ago, catalog in zip((31, 30.01, 29.99), prices(10, 9, 8), strict=True):
        raw.load(catalog, dt.datetime.now(dt.UTC) - dt.timedelta(days=days_ago))
        raw.apply()
    feed_module.write(cast(Reader, ConnectionReader(raw)), tmp_path / "changes.xml")
    entries = feedparser.parse((tmp_path / "changes.xml").read_bytes()).entries
    assert [entry.title for entry in entries] == ["m at p: input 9.00 → 8.00 (−11 %)"]


def test_hostile_names_stay_text(raw: RawTables) -> None:
    names = [*HOSTILE, "a\x00\x1b\ufffe\uffff\u202eb", "]]>"]

    def day(price: float) -> list[dict[str, Any]]:
        url = "javascript:alert(1)"
        return [
            make_record(f"m{number}", providers=[make_offer(name, price, 1)], url=url)
            for number, name in enumerate(names)
        ]

    load_days(raw, day(10), day(9))
    text = feed(cast(Reader, ConnectionReader(raw)), FIRST_DAY)
    entries = list(ET.fromstring(text).iter(f"{ATOM}entry"))
    assert len(entries) == len(names)
    for entry in entries:
        title = entry.findtext(f"{ATOM}title", "")
        assert re.match(r"m\d+ at ", title)
        summary = ET.fromstring(f"<div>{entry.findtext(f'{ATOM}summary')}</div>")
        assert [element.tag for element in summary.iter()] == ["div", "p", "p", "a"], title
    assert "javascript" not in text
    assert entry.find(f"{ATOM}link").get("href") == "https://llm-stats.com"  # type: ignore[union-attr]


def test_small_price_changes_are_omitted_and_changes_over_the_maximum_are_counted(
    raw: RawTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_days(raw, *prices(10, 9, 4.5))
    large = ["m at p: input 9.00 → 4.50 (−50 %)"]
    assert [entry.title for entry in read(raw, min_change_pct=10).entries] == large
    monkeypatch.setattr(feed_module, "_MAX_ENTRIES", 1)
    parsed = read(raw)
    assert [entry.title for entry in parsed.entries] == large
    assert parsed.feed.subtitle.endswith(" 1 older change is omitted.")


def test_command_prints_the_feed_of_the_sample_with_the_threshold_of_notifications(
    on_demo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("changes", "--since", "30d", "--format", "atom")
    every = feedparser.parse(on_demo(*arguments).out)
    assert len(every.entries) == 7
    assert every.feed.subtitle == SAMPLE_TEXT
    assert all(SAMPLE_TEXT in entry.summary for entry in every.entries)
    assert every.feed.author_detail == {"name": "llm-stats sample"}
    monkeypatch.setenv("SOURCES__LLM_STATS__NOTIFY_MIN_CHANGE_PCT", "18")
    some = feedparser.parse(on_demo(*arguments).out)
    omitted = {entry.id for entry in every.entries} - {entry.id for entry in some.entries}
    assert len(omitted) == 1
    assert not feedparser.parse(on_demo(*arguments[:2], "2999-01-01", *arguments[3:]).out).bozo


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://a.example/m?x=1&y=[2]#z", True),
        ("HTTP://A.EXAMPLE", True),
        ("https://", False),
        ("ftp://a.example", False),
        ("xhttps://a.example", False),
        ("https://a.example/\n", False),
        ("https://a.example/<b>", False),
        ("https://a.example/é", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_are_links(url: str | None, is_link: bool) -> None:
    with small_tables(marts__models=[{"model_id": "m", "upstream_url": url}]) as tables:
        pages = feed_module._read_pages(cast(Reader, tables))
    assert pages == ({"m": url} if is_link else {})


@pytest.fixture
def run_feed(
    llm_stats: Command, api: SampleApi, two_days: Path
) -> Callable[[str], tuple[int, str, str]]:
    """Return a function that executes a run and writes its feed to a path; no model is due."""

    def run(file: str) -> tuple[int, str, str]:
        given = ("murmur-1", "--base-url", api.base_url, "--max-age", "1d", "--quiet")
        done = llm_stats("run", *given, "--feed", file)
        return done.code, done.out, done.err

    return run


@pytest.mark.usefixtures("unchecked")
def test_run_replaces_an_older_feed_atomically(
    run_feed: Callable[[str], tuple[int, str, str]], workdir: Path
) -> None:
    older = '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"/>'
    (workdir / "changes.xml").write_text(older)
    with (workdir / "changes.xml").open() as reader:  # a web server that reads the older feed
        code, out, _ = run_feed("changes.xml")
        assert reader.read() == older
    assert code == 0
    assert out.splitlines()[-1].startswith("wrote changes.xml (")
    assert len(feedparser.parse((workdir / "changes.xml").read_bytes()).entries) == 7
    assert [file.name for file in workdir.glob("*changes.xml*")] == ["changes.xml"]


@pytest.mark.parametrize(
    "content",
    ["# changelog\n", "<rss/>", '<?xml version="1.0" encoding="utf-8"?>\n<svg/>'],
    ids=["text", "RSS", "SVG"],
)
def test_run_keeps_another_kind_of_file_and_sends_no_request(
    run_feed: Callable[[str], tuple[int, str, str]], api: SampleApi, workdir: Path, content: str
) -> None:
    (workdir / "changes.xml").write_text(content)
    code, _, err = run_feed("changes.xml")
    assert "changes.xml cannot be written: not an Atom feed; name another file" in err
    assert code == 2
    assert (workdir / "changes.xml").read_text() == content
    assert api.requests == []


def test_unwritable_path_is_an_error_before_a_request(
    run_feed: Callable[[str], tuple[int, str, str]], api: SampleApi, workdir: Path
) -> None:
    (workdir / "file").touch()
    code, _, err = run_feed("file/changes.xml")
    assert "file/changes.xml cannot be written: " in err
    assert code == 2
    assert api.requests == []


def test_database_is_not_replaced_by_a_feed(
    run_feed: Callable[[str], tuple[int, str, str]], two_days: Path
) -> None:
    shutil.copyfile(two_days, copy := two_days.with_name("backup.duckdb"))
    before = copy.read_bytes()
    assert run_feed("backup.duckdb")[0] == 2
    assert copy.read_bytes() == before

"""The report page without scripts: every warehouse, escaping, policy, contrast."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from llm_stats import __version__
from llm_stats.report import page as page_module
from llm_stats.sample import today
from support.raw_tables import RawTables
from support.report_fixtures import CATALOGS, HOSTILE, load_days, ranked
from support.report_page import Elements, page_of_tables, rows

pytestmark = pytest.mark.slow

PageOf = Callable[[str], Path]


def test_suspect_price_is_marked_without_scripts_and_only_where_it_is_current(
    raw: RawTables,
) -> None:
    """A suspect price is found on the second day. On the third day, the output price changes."""
    days = [
        ranked({"a": prices, "b": (1, 1), "c": (1, 1)}) for prices in ((1, 1), (0.01, 6), (0.01, 4))
    ]
    load_days(raw, *days)
    page = page_of_tables(raw)
    encoded = Elements(page).carried
    reason = "input price 0.01 and output price 4 differ by a factor of 100 or more"
    assert [it["suspect_reason"] for it in rows(encoded, "price_changes")] == [reason, None]
    assert [it["suspect_reason"] for it in rows(encoded, "moves")] == [reason]
    moves, leaders = (
        page.split(f'id="{part}"')[1].split("</table>")[0] for part in ("moves", "leaders-table")
    )
    assert "<td>1.01 suspect</td><td>▲ 0.8 %</td>" in moves
    assert "<td>1.01 suspect</td></tr>" in leaders


@pytest.mark.parametrize("world", CATALOGS)
def test_every_warehouse_gives_a_page(page_of: PageOf, world: str) -> None:
    elements = Elements(page_of(world).read_text("utf-8"))
    assert len(rows(elements.carried, "models")) == len(CATALOGS[world])
    ids = {attributes.get("id") for _, attributes in elements.elements}
    assert "source" in ids
    assert "sample" not in ids


@pytest.mark.parametrize(("world", "prices"), [("all free", {0}), ("no prices", {None})])
def test_null_is_not_zero(page_of: PageOf, world: str, prices: set[float | None]) -> None:
    """In "no prices", some models have only an input price or only an output price."""
    carried = Elements(page_of(world).read_text("utf-8")).carried
    assert {row["blended_usd_per_mtok"] for row in rows(carried, "prices")} == prices


def test_leaders_are_on_the_page_without_scripts(page_of: PageOf) -> None:
    sample = page_of("sample").read_text("utf-8")
    leaders = sample.split('id="leaders-table"')[1].split("</table>")[0]
    assert "The best 10 of 10 ranked models" in leaders
    first = "<td>1</td><td>Zenith Max (preview)</td><td>86.2 %</td><td>7 of 8</td><td>30.00</td>"
    assert first in leaders
    assert "<td>thin (few benchmarks)</td>" in page_of("few benchmarks").read_text("utf-8")
    assert "No model has a rank yet." in page_of("empty").read_text("utf-8")


def test_sample_is_labelled_and_mixed_models_are_counted(page_of: PageOf, raw: RawTables) -> None:
    whole = page_of("sample").read_text("utf-8")
    assert "All of this is a sample: invented models" in whole
    assert 'id="source"' not in whole
    made = rf"Made by llm-stats {re.escape(__version__)} on [\d-]{{10}} [\d:]{{8}} UTC\."
    assert re.search(made, whole)
    load_days(raw, [*today()[:2], *CATALOGS["one model"]])
    mixed = page_of_tables(raw)
    assert "2 of the 3 models here are a sample: invented models" in mixed
    link = '<a href="https://llm-stats.com">LLM Stats</a>'
    assert f'<p class="note" id="source">Data: {link}, retrieved 2026-11-20.</p>' in mixed


def test_hostile_names_stay_text(page_of: PageOf) -> None:
    page = page_of("hostile").read_text("utf-8")
    elements = Elements(page)
    plain = Elements(page_of("one model").read_text("utf-8"))
    in_leaders = {"table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
    assert [tag for tag, _ in elements.elements if tag not in in_leaders] == [
        tag for tag, _ in plain.elements if tag not in in_leaders
    ], "no name becomes an element"
    texts = elements.carried["texts"]
    assert set(HOSTILE[:5]) <= set(texts)
    assert "\\u202edlrow\\u2066\\u2028\\u2029\\x1b[31m\\x00" in texts
    assert max(map(len, texts)) == 300
    carried = page.split('id="data">')[1].split("</script>")[0]
    assert not {"<", ">", "&", "\u2028"} & set(carried)


def test_policy_allows_only_the_two_scripts(page_of: PageOf) -> None:
    text = page_of("sample").read_text("utf-8")
    styles = "\n".join(page_module._read_asset(name) for name in page_module._STYLES)
    assert f"<style>\n{styles}</style>" in text
    elements = Elements(text)
    policy = next(
        attributes["content"]
        for tag, attributes in elements.elements
        if attributes.get("http-equiv")
    )
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in elements.scripts[1:]
    ]
    assert policy == (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not [
        tag
        for tag, attributes in elements.elements
        if attributes.keys() & {"src", "href", "srcset", "onload", "onerror"}
    ]


def test_script_element_cannot_be_closed_early() -> None:
    assert page_module._escape_script('"</script><!--"') == '"<\\/script><\\!--"'


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_borders_of_controls_and_texts_have_enough_contrast(mode: int) -> None:
    """The limits are those of WCAG 2.2: 3 for borders of controls, 4.5 for text."""
    styles = page_module._read_asset("styles/base.css")
    colours = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", rule)) for rule in styles.split(":root")[1:]
    ][mode]

    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        red, green, blue = linear
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: str, other: str) -> float:
        low, high = sorted(luminance(colours[name]) for name in (one, other))
        return (high + 0.05) / (low + 0.05)

    for name in ("edge", "first", "second", "muted", *(f"model-{place}" for place in range(1, 6))):
        assert contrast(name, "paper") >= 3, name
    for name in ("ink", "soft", "first", "second"):
        assert contrast(name, "paper") >= 4.5, name

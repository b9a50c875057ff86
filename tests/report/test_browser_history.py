"""Prices over time, changes, moves of the week, small charts and providers in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from support.browser import PHONE, Browser

pytestmark = pytest.mark.slow

PageOf = Callable[[str], Path]
Periods = list[dict[str, Any]]

_PERIODS = """
    return offerPeriods(models.get(modelsByText.get(arguments[0])), "blended_usd_per_mtok")
        .map(({ model, ...period }) => period);
"""
_SELECTED = "#m1=alpha&m2=beta&m3=gamma"


@pytest.fixture(scope="class")
def history(chromium: Browser, page_of: PageOf) -> Browser:
    """Return the browser with five days of prices of three selected models."""
    chromium.clear_logs()
    chromium.open(page_of("history"), choices=_SELECTED)
    return chromium


def _chart_texts(browser: Browser) -> list[str]:
    return [text.text for text in browser.find("#history-chart text")]


def _assert_not_clipped(browser: Browser) -> None:
    clipped = browser.script("""
        const chart = document.querySelector("#history-chart svg").getBoundingClientRect();
        return [...document.querySelectorAll("#history-chart text")].filter(text => {
            const { left, right, top, bottom, width } = text.getBoundingClientRect();
            return width && (left < chart.left - 1 || right > chart.right + 1
                || top < chart.top - 1 || bottom > chart.bottom + 1);
        }).map(text => text.textContent);
    """)
    assert clipped == []
    ticks = [
        text.text for text in browser.find("#history-chart .role-axis-label text") if text.text
    ]
    days = [tick for tick in ticks if not re.fullmatch(r"free|[\d.]+", tick)]
    assert len(days) > 1
    assert [day for day in days if not re.fullmatch(r"[A-Z][a-z]{2} \d+(, \d\d:00)?", day)] == []
    assert browser.overflow() == 0


class TestHistory:
    """Tests that share the page; before each test, all choices are reset."""

    @pytest.fixture(autouse=True)
    def _reset(self, history: Browser) -> None:
        history.script("""
            const ids = ["alpha", "beta", "gamma"].map(id => modelsByText.get(id));
            tableStates.clear();
            choose({ ...DEFAULTS, models: [...ids, null, null] });
        """)

    def test_listing_delisting_and_large_cut_are_labelled(self, history: Browser) -> None:
        texts = _chart_texts(history)
        for label in ("listed", "delisted", "▼ 50 %"):
            assert label in texts, label
        assert "▲ 10 %" not in texts, "only large changes have labels"
        assert history.console_messages() == []
        assert history.requests() == {"file"}

    def test_labels_are_not_clipped(self, history: Browser) -> None:
        _assert_not_clipped(history)

    def test_lines_have_labels_at_their_ends(self, history: Browser) -> None:
        texts = _chart_texts(history)
        for label in ("alpha", "5.00 at p", "beta", "1.00 at r", "gamma", "q"):
            assert label in texts, label

    def test_time_without_an_offer_is_a_gap(self, history: Browser) -> None:
        gap = [it for it in history.script(_PERIODS, "alpha") if it["label"] == "q"]
        assert [it["isListing"] for it in gap] == [False, True]
        assert [it["isDelisting"] for it in gap] == [True, False]
        assert gap[0]["until"] < gap[1]["from"]
        crossing = history.script(
            """
            const points = linePoints(arguments[0], "q", {}, price => price, 0);
            const keys = new Set(points.map(point => point.key));
            const times = key => points.filter(it => it.key === key).map(it => it.at / 1000);
            return [...keys].map(times);
            """,
            gap,
        )
        assert crossing == [[it["from"], it["until"]] for it in gap]

    def test_unpublished_price_is_a_gap(self, history: Browser) -> None:
        prices = [it["price"] for it in history.script(_PERIODS, "gamma")]
        assert prices == [3, None, 3]
        lowest = history.script("return lowestPrices(modelsByText.get('gamma'))")
        assert len(lowest) == 2
        assert lowest[0]["until"] < lowest[1]["from"]

    def test_bold_line_is_the_lowest_price_of_the_mart(self, history: Browser) -> None:
        """The mart has only blended prices; for other kinds, the page computes the lowest price."""
        for model in ("alpha", "beta", "gamma"):
            mart, own = history.script(
                """
                const id = modelsByText.get(arguments[0]);
                const periods = offerPeriods(models.get(id), "blended_usd_per_mtok");
                return [lowestPrices(id), lowestOf(periods)];
                """,
                model,
            )
            assert mart == own, model
        (bold,) = history.script("""
            const lines = [...document.querySelectorAll("#history-chart .mark-line path")];
            return [lines.filter(it => it.getAttribute("stroke-width") === "3.5").length];
        """)
        assert bold >= 3

    def test_shorter_range_leaves_out_earlier_periods(self, history: Browser) -> None:
        before = len(history.rows("history-table"))
        history.script("choose({ range: '1' })")
        rows = history.rows("history-table")
        assert len(rows) < before
        assert {row[-1] for row in rows} == {"now"}

    def test_kind_of_price_changes_chart_and_table(self, history: Browser) -> None:
        history.choose("kind", "input")
        titles = [text for text in _chart_texts(history) if text.startswith("US$ per million")]
        assert titles == ["US$ per million tokens, input"]
        caption = history.script(
            "return document.querySelector('#history-table caption').innerText"
        )
        assert caption.endswith("selected models, input, in US$ per million tokens")

    def test_changes_have_columns_and_the_latest_day_is_first(self, history: Browser) -> None:
        rows = history.rows("changes-table")
        assert [row[-1] for row in rows] == sorted((row[-1] for row in rows), reverse=True)
        cut = ["alpha", "p", "10.00", "5.00", "▼ 50 % cheapest", "2026-11-22 12:00"]
        rise = ["beta", "p", "2.00", "2.20", "▲ 10 % cheapest", "2026-11-22 12:00"]
        assert rows.index(cut) < rows.index(rise), "the largest change of a day is first"
        assert ["beta", "r", "–", "1.00 suspect", "Listed cheapest", "2026-11-23 12:00"] in rows

    def test_offer_above_the_cheapest_has_no_mark(self, history: Browser) -> None:
        rows = history.rows("changes-table")
        assert ["alpha", "q", "–", "8.00", "Listed", "2026-11-23 12:00"] in rows

    def test_mark_states_the_old_and_the_new_lowest_price(self, history: Browser) -> None:
        history.choose("what", "cut")
        history.click("#changes-table td:nth-child(5) button.mark")
        (why,) = history.find("#changes-table .why:not([hidden])")
        assert why.text == "The lowest paid price of the model went from 2.20 to 1.00."

    @pytest.mark.parametrize(
        ("control", "value", "models"),
        [
            ("what", "cut", ["alpha", "beta"]),
            ("what", "rise", ["alpha", "beta"]),
            ("days", "7", ["alpha", "beta", "gamma"]),
        ],
    )
    def test_choices_filter_the_changes(
        self, history: Browser, control: str, value: str, models: list[str]
    ) -> None:
        history.choose(control, value)
        rows = history.rows("changes-table")
        assert sorted({row[0] for row in rows}) == models
        announced = history.script("return byId('announcement').textContent")
        assert announced == f"{len(rows)} change{'s' if len(rows) > 1 else ''} of prices and offers"

    def test_only_selected_models_follow_the_selection(self, history: Browser) -> None:
        history.click("#only")
        history.script("toggleModel(modelsByText.get('alpha'))")
        assert {row[0] for row in history.rows("changes-table")} == {"beta", "gamma"}
        history.click("#only")
        assert {row[0] for row in history.rows("changes-table")} == {"alpha", "beta", "gamma"}

    def test_moves_of_the_week_are_in_the_header(self, history: Browser) -> None:
        assert [row[:4] for row in history.rows("moves")] == [
            ["beta", "r", "2.00", "1.00 suspect"],
            ["alpha", "p", "8.00", "5.00"],
        ]
        assert history.find("#moves caption")[0].text == (
            "Biggest cuts of the cheapest paid price in the 7 days up to 2026-11-24, the newest "
            "data (models: 2 of 2; no history yet before 2026-11-20)"
        )
        facts = {row[0]: row[1:] for row in history.rows("facts")}
        assert facts["Cheapest paid price in the 7 days up to 2026-11-24, US$ / M tokens"] == [
            "8.00 → 5.00, ▼ 37.5 %; no history yet before 2026-11-20",
            "2.00 → 1.00, ▼ 50 %; no history yet before 2026-11-20",
            "3.00, unchanged; no history yet before 2026-11-20",
        ]
        without_start = {"price": 3, "from": 1, "now": 3, "isHistoryShort": False}
        assert history.script("return weekText(arguments[0])", without_start) == "3.00, unchanged"
        free = """
            const offer = { is_offered: 1, input_usd_per_mtok: 0, output_usd_per_mtok: 0 };
            return freeText([{ ...offer, valid_from: 86400, is_initial: arguments[0] }]);
        """
        assert history.script(free, 0) == "free since 1970-01-02"
        assert history.script(free, 1) == "free since 1970-01-02 or earlier"
        assert "No history yet before 2026-11-20" in history.text("changes-note")
        history.click("#moves button.model")
        assert "beta" not in [chip.text for chip in history.find("#chips .name")]

    def test_suspect_price_is_marked_in_every_table_and_download(self, history: Browser) -> None:
        reason = "input price 0.03 and output price 3.91 differ by a factor of 100 or more"
        for table in ("moves", "changes-table", "value-table", "leaders-table", "history-table"):
            marks = history.find(f"#{table} .mark[title='{reason}']")
            assert [mark.text for mark in marks] == ["suspect"], table
        history.script(
            "choose({ sheet: 'beta', seller: 'r' });"
            "for (const show of [showValue, showChanges, showHistory]) show();"
        )
        downloads = history.script("""
            const texts = [], tables = ["value", "changes", "history", "offers", "seller"];
            URL.createObjectURL = blob => { texts.push(blob.text()); return "#"; };
            HTMLAnchorElement.prototype.click = () => {};
            tables.forEach(name => document.querySelector(`#${name}-table .download`).click());
            return Promise.all(texts);
        """)
        assert history.console_messages() == []
        assert len(downloads) == 5
        for text in downloads:
            header, *lines = text.splitlines()
            assert "Suspect" in header.split(",")
            assert [line for line in lines if reason in line and "1" in line] != [], header

    def test_sparkline_states_the_lowest_prices(self, history: Browser) -> None:
        labels = [
            image.get_attribute("aria-label") for image in history.find("#leaders-table .sparkline")
        ]
        assert "Lowest price in 90 days: 8.00 to 5.00, ▼ 37.5 %" in labels
        assert "Lowest price in 90 days: 3.00" in labels
        gap = history.script("""
            const periods = lowestPrices(modelsByText.get("gamma"));
            return sparkline(periods, "Price").querySelector("path").getAttribute("d");
        """)
        assert gap.count("M") == 2

    def test_sparkline_next_to_an_offer_states_its_own_prices(self, history: Browser) -> None:
        """At `q`, `alpha` has one price with a gap. At `p`, its price was cut and is lower."""
        history.script("choose({ seller: 'q', every: 'yes' })")
        charts = history.find("#seller-table .sparkline")
        assert [it.get_attribute("aria-label") for it in charts] == ["Price in 90 days: 8.00"]
        (path,) = history.find("#seller-table .sparkline path")
        assert (path.get_attribute("d") or "").count("M") == 2
        labels = [it.get_attribute("aria-label") for it in history.find("#value-table .sparkline")]
        assert "Price in 90 days: 10.00 to 5.00, ▼ 50 %" in labels
        assert "Price in 90 days: 8.00" in labels

    def test_change_without_a_blended_price_states_the_published_half(
        self, history: Browser
    ) -> None:
        """On the second day, `gamma` has no price; the test then adds an input price."""
        sides = history.script("""
            const { new_blended_usd_per_mtok: blended, new_input_usd_per_mtok: input } =
                columnsOf.price_changes;
            const place = orderedChanges.find(it => blended[it] === null);
            const texts = [changedPrice("new", place)];
            input[place] = 3;
            texts.push(changedPrice("new", place));
            input[place] = null;
            return texts;
        """)
        assert sides == ["–", "input 3.00"]

    def test_choosing_a_provider_shows_its_offers(self, history: Browser) -> None:
        assert history.text("seller-title") == "Offers of p"
        buttons = history.find("#providers-table button.link")
        next(it for it in buttons if it.text == "r").send_keys(Keys.ENTER)
        history.settle()
        assert history.text("seller-title") == "Offers of r"
        ((model, *_, status),) = history.rows("seller-table")
        assert (model, status) == ("beta", "active")
        assert "seller=r" in history.driver.current_url
        pressed = history.find("#providers-table [aria-pressed=true]")
        assert [it.text for it in pressed] == ["r"]


def test_prices_of_one_day_are_not_compared(browser: Browser, page_of: PageOf) -> None:
    browser.open(page_of("few benchmarks"), choices="#m1=a")
    facts = {row[0]: row[1:] for row in browser.rows("facts")}
    week = "Cheapest paid price in the 7 days up to 2026-11-20, US$ / M tokens"
    assert facts[week] == ["1.00; no history yet, first seen 2026-11-20"]
    assert browser.find(".sparkline") == []


@pytest.mark.parametrize("width", [768, PHONE])
def test_labels_of_a_narrow_chart_are_not_clipped(
    browser: Browser, page_of: PageOf, width: int
) -> None:
    browser.open(page_of("history"), width, choices=_SELECTED)
    _assert_not_clipped(browser)


@pytest.mark.parametrize(
    ("start", "end", "most", "first", "count", "form"),
    [
        ("2026-11-20T12:30", "2026-11-20T18:00", 9, "2026-11-20T13:00", 6, "%H:%M"),
        ("2026-11-20T12:00", "2026-11-22T12:00", 9, "2026-11-20T12:00", 9, "%b %-d, %H:%M"),
        ("2026-11-20T12:00", "2026-11-28T12:00", 9, "2026-11-21T00:00", 8, "%b %-d"),
        ("2026-08-30T12:00", "2026-11-28T12:00", 9, "2026-09-10T00:00", 6, "%b %-d"),
        ("2025-11-28T12:00", "2026-11-28T12:00", 4, "2025-12-01T00:00", 4, "%b %Y"),
    ],
)
def test_time_labels_have_one_format(
    browser: Browser,
    sample_page: Path,
    start: str,
    end: str,
    most: int,
    first: str,
    count: int,
    form: str,
) -> None:
    if "sample" not in browser.driver.current_url:
        browser.open(sample_page)
    shown = browser.script(
        "const at = text => Date.parse(`${text}Z`) / 1000;"
        "return timeTicks(at(arguments[0]), at(arguments[1]), arguments[2])",
        start,
        end,
        most,
    )
    (begin,) = browser.script("return [Date.parse(`${arguments[0]}Z`)]", first)
    assert shown["format"] == form
    assert shown["values"][0] == begin
    assert len(shown["values"]) == count

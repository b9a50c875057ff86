"""The report in a browser without network: drawing, widths, colours, hostile names, no data."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from llm_stats.report.static import _format_usd
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait
from support.browser import PHONE, Browser
from support.report_fixtures import HOSTILE

pytestmark = pytest.mark.slow

PageOf = Callable[[str], Path]


class TestWideWindow:
    """Tests that share the page in a wide window and do not change it."""

    def test_page_is_drawn_without_network_and_without_console_messages(
        self, wide: Browser
    ) -> None:
        assert "a sample: invented models" in wide.text("sample")
        times = [time.text for time in wide.find("header time")]
        assert len(times) == 3
        assert [time for time in times if not time.endswith(" ago)")] == []
        for chart, points in (("value-chart", 10), ("offers-chart", 2)):
            assert len(wide.marks(chart)) == points, chart
        assert wide.find("#history-chart .mark-line path"), "prices over time are lines"
        for title in ("US$ per million tokens, blended, logarithmic", "Tessera 70B Open", "free"):
            assert title in [text.text for text in wide.find("#value-chart text")], title
        assert len(wide.rows("leaders-table")) == 13
        bars = wide.script("""
            return [...document.querySelectorAll("#leaders-table tbody tr")].map(row => [
                row.querySelector(".bar").classList.contains("few"),
                row.querySelector(".mark")?.textContent === "few benchmarks",
                /^1 of 8/.test(row.querySelector("td:nth-child(5)").textContent),
            ]);
        """)
        assert [True] * 3 in bars
        assert [bar for bar in bars if len(set(bar)) > 1] == []
        for part in ("value-benchmarks", "leaders-benchmarks"):
            assert wide.text(part) == "Overall: 8 counted benchmarks"
        cut = ["Aurora Large 1", "Northlight", "12.00", "10.00", "▼ 16.7 %", "2026-11-21 12:00"]
        assert cut in wide.rows("changes-table")
        assert wide.console_messages() == []
        assert wide.requests() == {"file"}

    def test_numbers_of_the_leaders_are_the_same_without_scripts(
        self, wide: Browser, sample_page: Path
    ) -> None:
        markup = sample_page.read_text("utf-8").split('id="leaders-table"')[1].split("</table>")[0]
        static = [re.findall("<td>(.*?)</td>", row) for row in markup.split("<tr>")[2:]]
        shown = [
            [rank, model.removesuffix(" few benchmarks"), rate, benchmarks, cost]
            for rank, model, rate, _, benchmarks, _, cost, *_ in wide.rows("leaders-table")
        ]
        assert static == shown[: len(static)]
        assert wide.script("return [age(Date.now() / 1000 - 33 * 60)]") == ["33 minutes ago"]
        prices = [0, 1e-7, 0.000123456, 0.001, 0.0375, 0.05, 0.1, 0.142857, 0.9996, 1, 2.125, 1e6]
        assert wide.script("return arguments[0].map(usd)", prices) == [
            *("free", "1.00e-7", "0.000123", "0.001", "0.0375", "0.05", "0.10", "0.143", "1.00"),
            *("1.00", "2.13", "1,000,000"),
        ]
        assert wide.script("return arguments[0].map(usd)", prices[2:]) == [
            _format_usd(price) for price in prices[2:]
        ]

    def test_blank_name_is_replaced_by_the_id(self, wide: Browser) -> None:
        pairs = "return [...disambiguate([[0, ' '], [1, 'a']]).values()].concat(texts[0])"
        blank, name, model_id = wide.script(pairs)
        assert (blank, name) == (model_id, "a")

    def test_dots_below_the_threshold_are_hollow_and_visible(self, wide: Browser) -> None:
        wide.script("choose({ min: '80' })")
        dots = wide.find("#value-chart .points_marks path[fill-opacity='0']")
        assert dots
        assert {dot.get_attribute("stroke") for dot in dots} <= {
            "var(--muted)",
            "var(--first)",
            *(f"var(--model-{place})" for place in range(1, 6)),
        }
        wide.script("choose({ min: '' })")

    def test_tooltip_shows_model_provider_and_price(self, wide: Browser) -> None:
        point = wide.find("#value-chart .points_marks path")[-1]
        ActionChains(wide.driver, duration=0).move_to_element(point).perform()
        assert wide.text("vg-tooltip-element").splitlines() == [
            "Zenith Max (preview)",
            "By Zenith Systems",
            "Cheapest at Zenith",
            "US$ / M tokens 30.00",
            "Score 86.2 %",
        ]

    def test_first_and_last_price_are_inside_the_frame(self, wide: Browser) -> None:
        (frame,) = wide.find("#history-chart .role-frame.root > g > .background")
        for point in wide.find("#history-chart .points_marks path"):
            assert frame.rect["x"] < point.rect["x"]
            assert point.rect["x"] + point.rect["width"] < frame.rect["x"] + frame.rect["width"]

    def test_colours_follow_the_system_while_the_page_is_open(self, wide: Browser) -> None:
        def colours() -> list[str]:
            shown: list[str] = wide.script("""
                const fill = selector => getComputedStyle(document.querySelector(selector)).fill;
                return [
                    getComputedStyle(document.body).backgroundColor,
                    fill("#value-chart .points_marks path"),
                    fill("#value-chart .role-axis-label text"),
                ];
            """)
            return shown

        light = colours()
        wide.emulate("dark")
        dark = colours()
        assert [one for one, other in zip(light, dark, strict=True) if one == other] == []
        wide.emulate("dark", media="print")
        assert colours() == light
        wide.emulate("light")
        assert wide.console_messages() == []

    def test_page_fits_and_every_table_region_and_button_has_a_name(self, wide: Browser) -> None:
        _assert_fits(wide)
        unnamed = wide.script(
            "const all = selector => [...document.querySelectorAll(selector)];"
            "return all('main table').filter(it => !it.caption?.textContent)"
            ".concat(all('[role=region]').filter(it => !it.ariaLabel))"
            ".concat(all('button, a').filter(it => !it.ariaLabel && !it.textContent.trim()))"
            ".length"
        )
        assert unnamed == 0

    def test_marks_of_charts_have_descriptions(self, wide: Browser) -> None:
        described = [
            mark.get_attribute("aria-label")
            for mark in wide.find("#value-chart .points_marks path")
        ]
        assert (
            "Tessera 70B Open by Tessera Collective: free at Commons, score 49.1 %, "
            "on the frontier" in described
        )
        decoration = wide.find(".chart [aria-roledescription$='mark']:not([aria-hidden])")
        assert [mark.get_attribute("aria-label") for mark in decoration] == []


def _assert_fits(browser: Browser) -> None:
    browser.open_findings()
    assert browser.overflow() == 0
    labels = [text.text for text in browser.find("#history-chart text")]
    assert [text for text in labels if text.count("…") > 1] == [], "a name is shortened once"
    scrolling = browser.script(
        "return [...document.querySelectorAll('.scroller')]"
        ".filter(it => it.scrollWidth > it.clientWidth).map(it => it.ariaLabel)"
    )
    assert scrolling == [], "no table of the sample scrolls sideways"


def test_page_is_not_wider_than_a_tablet(browser: Browser, sample_page: Path) -> None:
    browser.open(sample_page, width=768)
    _assert_fits(browser)


def test_page_is_not_wider_than_a_phone_and_touch_targets_are_large_enough(
    browser: Browser, sample_page: Path
) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        browser.open(sample_page, width=PHONE)
        small = browser.script(
            "const isSmall = ({ width, height }) => Math.min(width, height) < 24;"
            "const selector = 'button:not(.model, .link, .mark, .sort), select, summary, input';"
            "return [...document.querySelectorAll(selector)]"
            ".filter(it => it.checkVisibility() && isSmall(it.getBoundingClientRect()))"
            ".concat([...document.querySelectorAll('button')]"
            ".filter(it => it.checkVisibility() && it.getBoundingClientRect().height < 24))"
            ".map(it => it.outerHTML)"
        )
        assert small == []
        _assert_fits(browser)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_hostile_names_stay_text_and_hostile_sources_are_not_links(
    browser: Browser, page_of: PageOf
) -> None:
    browser.open(page_of("hostile"), width=PHONE)
    assert len(browser.rows("scores-table")) > 5
    links = browser.script("return [...document.querySelectorAll('main a')].map(it => it.href)")
    assert [link for link in links if not link.startswith("https:")] == []
    for chooser in ("score", "board", "organization", "provider"):
        first, second, *_ = browser.choices(chooser)
        for value in (second, first):
            browser.choose(chooser, value)
    browser.script(
        "shownAnswer.good[0].offer.label = 'x'.repeat(120);"
        "byId('value-answer').replaceChildren(...answerText(shownAnswer))"
    )
    assert browser.overflow() == 0
    browser.script("choose({ models: [...models.keys()].slice(0, 5) })")
    browser.open_findings()
    assert browser.overflow() == 0
    browser.script(
        "document.querySelectorAll('button:not(.download, .remove, .model, .tabs button)')"
        ".forEach(it => it.click())"
    )
    assert browser.console_messages() == []
    assert browser.requests() == {"file"}
    assert not browser.find("body img, .table script, .chart script, body b:not(footer b, td b)")
    assert len(browser.find("script")) == 3
    shown = browser.script("return document.querySelector('main').innerText")
    assert [name for name in HOSTILE[:6] if name not in shown] == []
    assert "\\u202edlrow" in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("world", ["empty", "no prices", "all free", "absurd prices"])
def test_every_warehouse_is_drawn_or_explained(
    browser: Browser, page_of: PageOf, world: str
) -> None:
    browser.open(page_of(world))
    for part in ("value-chart", "history-chart", "leaders-table", "changes-table", "facts"):
        assert browser.find(f"#{part} .points_marks path") or browser.text(part), part
    assert browser.console_messages() == []
    assert browser.overflow() == 0


def test_left_out_models_are_counted(browser: Browser, shortened_page: Path) -> None:
    browser.open(shortened_page)
    assert browser.text("left-out").startswith("Left out to keep the page small: ")
    assert browser.text("left-out").endswith(" of 15 models.")
    assert browser.console_messages() == []


def test_wide_table_can_be_scrolled_with_the_keyboard(browser: Browser, sample_page: Path) -> None:
    browser.open(sample_page, width=280)
    table = browser.find("#facts .scroller[tabindex='0']")[0]
    table.send_keys(Keys.ARROW_RIGHT)
    WebDriverWait(browser.driver, timeout=5).until(
        lambda driver: driver.execute_script("return arguments[0].scrollLeft", table) > 0
    )

"""The report in a browser without network: charts, selects, keyboard, hostile names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from support.chromium import running_chromium
from support.report_fixtures import HOSTILE

pytestmark = pytest.mark.slow

_WIDE, _PHONE = 1280, 390

PageOf = Callable[[str], Path]


class Browser:
    """Chromium, offline, with an open page."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        driver.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)

    def open(self, page: Path, width: int = _WIDE, scheme: str = "light") -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.emulate(scheme)
        self.driver.get(page.as_uri())
        self.settle()

    def emulate(self, scheme: str) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    def settle(self) -> None:
        """Wait until all requested charts are drawn."""
        self.driver.execute_async_script(
            "const done = arguments[0]; drawing.then(() => done(), () => done());"
        )

    def find(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, element_id: str) -> str:
        return self.driver.find_element(By.ID, element_id).text

    def marks(self, chart: str) -> list[str]:
        """Return the shapes of the points of a chart, with their positions."""
        return [
            f"{point.get_attribute('d')} {point.get_attribute('transform')}"
            for point in self.find(f"#{chart} .points_marks path")
        ]

    def choices(self, chooser: str) -> list[str]:
        return [
            option.get_attribute("textContent") or "" for option in self.find(f"#{chooser} option")
        ]

    def choose(self, chooser: str, place: int) -> None:
        script = (
            "const it = document.getElementById(arguments[0]); it.selectedIndex = arguments[1]; "
            "it.dispatchEvent(new Event('change'));"
        )
        self.driver.execute_script(script, chooser, place)
        self.settle()

    def open_findings(self) -> None:
        for details in self.find("#findings summary"):
            details.click()

    def console_messages(self) -> list[str]:
        """Return the messages, including errors, that the console logged since the last call."""
        return self._log("browser")

    def requests(self) -> set[str]:
        """Return the schemes of the URLs that the page requested since the last call."""
        events = [json.loads(entry)["message"] for entry in self._log("performance")]
        return {
            event["params"]["request"]["url"].split(":")[0]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        }

    def clear_logs(self) -> None:
        self.console_messages(), self.requests()

    def _log(self, kind: str) -> list[str]:
        log = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in log]

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        wider = self.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return int(wider)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield Browser(driver)


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """Return the shared browser after clearing its logs."""
    chromium.clear_logs()
    return chromium


@pytest.fixture(scope="session")
def sample_page(page_of: PageOf) -> Path:
    return page_of("sample")


@pytest.fixture(scope="session")
def hostile_page(page_of: PageOf) -> Path:
    return page_of("hostile")


@pytest.fixture(scope="class")
def wide(chromium: Browser, sample_page: Path) -> Browser:
    """Return the browser with the page of the sample in a wide window."""
    chromium.clear_logs()
    chromium.open(sample_page)
    return chromium


class TestWideWindow:
    """Tests that share the page in a wide window and do not change it."""

    def test_page_is_drawn_without_network_and_without_console_messages(
        self, wide: Browser
    ) -> None:
        assert "a sample: invented models" in wide.text("sample")
        read, newest, oldest = (time.text for time in wide.find("header time"))
        assert read.endswith(" ago)")
        assert newest.endswith(" ago)")
        assert oldest.endswith(" ago)")
        for chart, points in (("value-chart", 10), ("offers-chart", 10), ("history-chart", 6)):
            assert len(wide.marks(chart)) == points, chart
        assert wide.find("#history-chart .mark-line path"), "prices over time are steps"
        for title in (
            "Adjusted win rate, overall, 0 to 1",
            "US$ per million tokens, blended, logarithmic",
            "Tessera 70B Open",
            "free",
        ):
            assert title in [text.text for text in wide.find("#value-chart text")], title
        assert len(wide.find("#leaders-table tbody tr")) == 13
        assert "aurora-large-1 at northlight: input 6.00 → 5.00 (−17 %)" in wide.text(
            "changes-table"
        )
        assert wide.console_messages() == []
        assert wide.requests() == {"file"}

    def test_tooltip_shows_model_provider_and_price(self, wide: Browser) -> None:
        point = wide.find("#value-chart .points_marks path")[-1]
        ActionChains(wide.driver, duration=0).move_to_element(point).perform()
        assert wide.text("vg-tooltip-element").splitlines() == [
            "Zenith Max (preview)",
            "By Zenith Systems",
            "Cheapest at Zenith",
            "Blended, US$ per million tokens 30.00",
            "Score 0.8619",
        ]

    def test_first_and_last_price_are_inside_the_frame(self, wide: Browser) -> None:
        (frame,) = wide.find("#history-chart .role-frame.root > g > .background")
        for point in wide.find("#history-chart .points_marks path"):
            assert frame.rect["x"] < point.rect["x"]
            assert point.rect["x"] + point.rect["width"] < frame.rect["x"] + frame.rect["width"]

    def test_page_is_not_wider_than_the_window(self, wide: Browser) -> None:
        wide.open_findings()
        assert wide.overflow() == 0

    def test_table_that_fits_cannot_be_scrolled(self, wide: Browser) -> None:
        assert wide.find("#offers-table")
        assert wide.find("#offers-table[tabindex]") == []


@pytest.fixture(scope="class")
def phone(chromium: Browser, sample_page: Path) -> Browser:
    """Return the browser with the page of the sample on a phone."""
    chromium.open(sample_page, width=_PHONE)
    return chromium


class TestPhone:
    """Tests that share the page on a phone and do not change it."""

    def test_page_is_not_wider_than_the_window(self, phone: Browser) -> None:
        phone.open_findings()
        assert phone.overflow() == 0

    def test_tables_fit(self, phone: Browser) -> None:
        tables = phone.driver.execute_script(
            "return [...document.querySelectorAll('.table')].map(it => [it.id, it.scrollWidth - "
            "it.clientWidth])"
        )
        assert [name for name, hidden in tables if hidden] == []

    def test_tooltip_stays_in_the_window(self, phone: Browser) -> None:
        for point in phone.find("#value-chart .points_marks path"):
            ActionChains(phone.driver, duration=0).move_to_element(point).perform()
            box = phone.driver.execute_script(
                "return document.getElementById('vg-tooltip-element')"
                ".getBoundingClientRect().toJSON()"
            )
            assert 0 <= box["left"] < box["right"] <= _PHONE


def test_every_select_changes_its_chart_or_table(browser: Browser, sample_page: Path) -> None:
    browser.open(sample_page)
    before = browser.marks("value-chart")
    browser.choose(
        "value-subject", browser.choices("value-subject").index("Sample Speech (WER) · 4")
    )
    assert len(browser.marks("value-chart")) == 4 != len(before)
    assert "lower is better" in browser.text("value-chart")
    browser.choose("value-subject", 0)
    assert "free" in browser.text("value-table")
    browser.find("#value-free")[0].click()
    browser.settle()
    assert browser.marks("value-chart") != before
    assert "free" not in browser.text("value-table")
    before, steps = browser.marks("offers-chart"), browser.marks("history-chart")
    browser.choose("model", browser.choices("model").index("Aurora Large 1"))
    assert browser.marks("offers-chart") != before
    assert browser.marks("history-chart") != steps
    steps = browser.marks("history-chart")
    browser.choose("model-price", 1)
    assert browser.marks("history-chart") != steps
    leaders = browser.text("leaders-table")
    browser.choose("leaders-category", 1)
    assert browser.text("leaders-table") != leaders
    leaders = browser.text("leaders-table")
    browser.choose("leaders-scope", 1)
    assert browser.text("leaders-table") != leaders
    assert browser.console_messages() == []


def test_suspect_prices_are_marked_in_tables_and_charts(browser: Browser, page_of: PageOf) -> None:
    reason = "input price 0.01 and output price 4 differ by a factor of 100 or more"
    browser.open(page_of("suspect prices"))
    for table in ("value-table", "leaders-table"):
        (row,) = (row for row in browser.find(f"#{table} tr") if "lopsided" in row.text)
        (mark,) = row.find_elements(By.CLASS_NAME, "suspect")
        assert mark.text == "suspect", table
        assert mark.get_attribute("title") == reason, table
        assert browser.text(table).count("suspect") == 1, table
    assert browser.text("value-note").endswith("Triangles: suspect prices.")
    (point,) = browser.find("#value-chart .points_marks path[aria-label^=lopsided]")
    described = point.get_attribute("aria-label") or ""
    assert described.split(", score")[0] == (
        f"lopsided by lopsided: 1.0075 US$ per million tokens (suspect: {reason}) at p"
    )
    ActionChains(browser.driver, duration=0).move_to_element(point).perform()
    assert f"1.0075 (suspect: {reason})" in browser.text("vg-tooltip-element")
    browser.choose("model", browser.choices("model").index("lopsided"))
    assert f"Suspect at p: {reason}." in browser.text("model-note")
    assert browser.text("offers-table").count("suspect") == 1
    assert "suspect" in [text.text for text in browser.find("#offers-chart text")]
    browser.choose("model", browser.choices("model").index("fair"))
    assert "uspect" not in "".join(
        map(browser.text, ("model-note", "offers-table", "offers-chart"))
    )
    assert browser.console_messages() == []
    browser.open(page_of("suspect prices"), _PHONE)
    assert browser.overflow() == 0


def test_charts_have_descriptions_for_screen_readers(browser: Browser, sample_page: Path) -> None:
    def heard(chart: str) -> list[str]:
        return [
            point.get_attribute("aria-label") or ""
            for point in browser.find(f"#{chart} .points_marks path")
        ]

    browser.open(sample_page)
    browser.choose("model", browser.choices("model").index("Aurora Large 1"))
    assert heard("value-chart")[-1] == (
        "Zenith Max (preview) by Zenith Systems: 30.00 US$ per million tokens at Zenith, "
        "score 0.862, on the frontier"
    )
    assert (
        "Tessera 70B Open by Tessera Collective: free at Commons, score 0.491, on the frontier"
        in heard("value-chart")
    )
    assert "Aurora Large 1 at Cumulus: input 4.00 US$ per million tokens, inactive" in heard(
        "offers-chart"
    )
    assert heard("history-chart")[0].startswith("Aurora Large 1 at ")
    assert " US$ per million tokens, active, since 2026-11-2" in heard("history-chart")[0]
    decoration = browser.find(".chart [aria-roledescription$='mark']:not([aria-hidden])")
    assert [mark.get_attribute("aria-label") for mark in decoration] == []


def test_page_works_with_the_keyboard(browser: Browser, sample_page: Path) -> None:
    browser.open(sample_page)

    def press(*keys: str) -> str:
        ActionChains(browser.driver, duration=0).send_keys(*keys).perform()
        browser.settle()
        return browser.driver.switch_to.active_element.get_attribute("id") or ""

    before = browser.marks("value-chart")
    assert press(Keys.TAB) == "value-subject"
    press(Keys.ARROW_DOWN)
    assert browser.marks("value-chart") != before
    press(Keys.ARROW_UP)
    assert press(Keys.TAB) == "value-free"
    before = browser.marks("value-chart")
    press(Keys.SPACE)
    assert browser.marks("value-chart") != before
    rows = len(browser.find("#value-table tbody tr"))
    press(Keys.TAB)
    press(Keys.ENTER)
    assert len(browser.find("#value-table tbody tr")) > rows
    assert browser.driver.switch_to.active_element.text.startswith("Show the first")
    browser.find("#findings summary")[0].send_keys(Keys.ENTER)
    WebDriverWait(browser.driver, 20).until(lambda _: "kestrel-embed-0" in browser.text("findings"))


def test_light_and_dark_mode_follow_the_system_while_the_page_is_open(
    browser: Browser, sample_page: Path
) -> None:
    def colours() -> list[str]:
        # Read all colours in one script, because the charts can be redrawn between two scripts.
        shown: list[str] = browser.driver.execute_script("""
            const fill = (selector) => document.querySelector(selector)?.getAttribute("fill");
            const point = fill("#value-chart .points_marks path");
            const axis = fill("#value-chart .role-axis-label text");
            return [getComputedStyle(document.body).backgroundColor, point, axis];
        """)
        return shown

    def all_changed(_: object) -> bool:
        now = colours()
        return None not in now and all(one != other for one, other in zip(light, now, strict=True))

    browser.open(sample_page, scheme="light")
    light = colours()
    assert None not in light
    browser.emulate("dark")
    WebDriverWait(browser.driver, timeout=10).until(all_changed)
    assert browser.console_messages() == []


def test_hostile_names_stay_text(browser: Browser, hostile_page: Path) -> None:
    browser.open(hostile_page)
    for chooser in ("value-subject", "model", "leaders-category"):
        for place in range(len(browser.choices(chooser))):
            browser.choose(chooser, place)
    browser.open_findings()
    assert browser.overflow() == 0
    for button in browser.find("button"):
        button.click()
    assert browser.console_messages() == []
    assert browser.requests() == {"file"}
    assert not browser.find("body img, .table script, .chart script, body b:not(footer b)")
    assert len(browser.find("script")) == 3
    for part in ("value-table", "leaders-table", "changes-table", "findings"):
        shown = browser.text(part)
        assert all(name in shown for name in HOSTILE[:6]), part
        assert "\\u202edlrow" in shown, part
        assert "\u202e" not in shown, part
    assert set(HOSTILE[:6]) <= set(browser.choices("model"))
    ActionChains(browser.driver, duration=0).move_to_element(
        browser.find("#value-chart .points_marks path")[0]
    ).perform()
    assert browser.text("vg-tooltip-element").startswith(HOSTILE[0])


@pytest.mark.parametrize("world", ["empty", "no prices", "all free", "absurd prices"])
def test_every_warehouse_is_drawn_or_explained(
    browser: Browser, page_of: PageOf, world: str
) -> None:
    browser.open(page_of(world))
    for part in ("value-chart", "offers-chart", "history-chart", "leaders-table", "changes-table"):
        assert browser.find(f"#{part} .points_marks path") or browser.text(part), part
    assert browser.console_messages() == []
    assert browser.overflow() == 0


def test_omitted_rows_are_listed(browser: Browser, shortened_page: Path) -> None:
    browser.open(shortened_page)
    assert "Left out to keep the page small: " in browser.text("left-out")
    assert "rows of benchmark points" in browser.text("left-out")
    assert browser.console_messages() == []


def test_wide_table_can_be_scrolled_with_the_keyboard(browser: Browser, sample_page: Path) -> None:
    browser.open(sample_page, width=280)
    (table,) = browser.find("#offers-table[tabindex]")
    table.send_keys(Keys.ARROW_RIGHT)
    WebDriverWait(browser.driver, timeout=5).until(
        lambda driver: driver.execute_script("return arguments[0].scrollLeft", table) > 0
    )


def test_hostile_names_do_not_make_the_page_wider_than_a_phone(
    browser: Browser, hostile_page: Path
) -> None:
    browser.open(hostile_page, width=_PHONE)
    browser.open_findings()
    assert browser.overflow() == 0

"""Chromium with an open page of the report, without network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

WIDE, PHONE = 1280, 390


class Browser:
    """Chromium, offline, with an open page."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        driver.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)

    def open(self, page: Path, width: int = WIDE, scheme: str = "light", choices: str = "") -> None:
        """Open a page; `choices` is the hash of the URL, such as `#score=category+math`."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.emulate(scheme)
        self.driver.get("about:blank")  # otherwise a new hash alone would not reload the page
        self.driver.get(page.as_uri() + choices)
        self.settle()

    def emulate(self, scheme: str, media: str = "screen") -> None:
        """Emulate light or dark mode, on a screen or in print."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": media, "features": features}
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

    def script(self, script: str, *arguments: object) -> Any:
        """Run a script such as `"return state.score"`, wait for the charts, return the result."""
        result = self.driver.execute_script(script, *arguments)
        self.settle()
        return result

    def choices(self, chooser: str) -> list[str]:
        """Return the values of a `<select>` element."""
        return [option.get_attribute("value") or "" for option in self.find(f"#{chooser} option")]

    def choose(self, control: str, value: str) -> None:
        """Set a `<select>` or `<input>` element to a value."""
        self.script(
            "const it = document.getElementById(arguments[0]); it.value = arguments[1]; "
            "for (const name of ['input', 'change']) it.dispatchEvent(new Event(name));",
            control,
            value,
        )

    def click(self, selector: str) -> None:
        """Click the first element."""
        self.script("document.querySelector(arguments[0]).click()", selector)

    def press(self, *keys: str) -> str:
        """Press keys; return the id of the element that has the focus then."""
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()
        self.settle()
        return self.driver.switch_to.active_element.get_attribute("id") or ""

    def rows(self, table: str) -> list[list[str]]:
        """Return the texts of the cells of the visible rows of a table."""
        rows: list[list[str]] = self.driver.execute_script(
            "return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map(row => "
            "[...row.cells].map(cell => cell.innerText.trim().replace(/\\s+/g, ' ')))",
            table,
        )
        return rows

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

"""Tables of the report in a browser: sorting, filter, pages, CSV, aligned decimals."""

from __future__ import annotations

import csv
import io

import pytest
from selenium.webdriver.common.keys import Keys
from support.browser import Browser

pytestmark = pytest.mark.slow

_TABLE = """
    showTable("value-table", {
        caption: "Test", empty: "", rows: Array.from({ length: 47 }, (_, place) => place),
        columns: [
            { name: "Name", value: row => `row ${row}` },
            { name: "Price", isNumber: true, value: row => row === 3 ? null : (row * 7 % 47) / 8,
              text: row => row === 3 ? "–" : String((row * 7 % 47) / 8) },
            { name: "Hidden", onlyCsv: true, value: row => row ? "=1+1" : 'a "b", c' },
        ],
    });
"""


class TestTable:
    """Tests that share the page; before each test, the table is drawn again."""

    @pytest.fixture(autouse=True)
    def _table(self, wide: Browser) -> None:
        wide.script("tableStates.clear();" + _TABLE)

    def test_sorting_keeps_nulls_last_in_both_directions(self, wide: Browser) -> None:
        wide.click("#value-table th:nth-child(2) button")
        (heading,) = wide.find("#value-table th[aria-sort]")
        assert heading.get_attribute("aria-sort") == "ascending"
        assert wide.rows("value-table")[0] == ["row 0", "0"]
        wide.click("#value-table [aria-label='Last page']")
        assert wide.rows("value-table")[-1] == ["row 3", "–"]
        wide.click("#value-table th:nth-child(2) button")
        assert wide.rows("value-table")[0][1] == "5.75"
        wide.click("#value-table [aria-label='Last page']")
        assert wide.rows("value-table")[-1] == ["row 3", "–"]

    def test_text_is_sorted_by_the_numbers_in_it(self, wide: Browser) -> None:
        wide.click("#value-table th:nth-child(1) button")
        assert [row[0] for row in wide.rows("value-table")][:11][-2:] == ["row 9", "row 10"]

    def test_pages_never_show_all_rows(self, wide: Browser) -> None:
        assert len(wide.rows("value-table")) == 20
        status = "#value-table .pager [role=status]"
        assert wide.find(status)[0].text == "1–20 of 47"
        wide.find("#value-table [aria-label='Next page']")[0].send_keys(Keys.ENTER)
        assert wide.find(status)[0].text == "21–40 of 47"
        assert wide.driver.switch_to.active_element.accessible_name == "Next page"

    def test_filter_shows_matching_rows_and_announces_their_number(self, wide: Browser) -> None:
        wide.find("#value-table input[type=search]")[0].send_keys("ROW 44")
        assert [row[0] for row in wide.rows("value-table")] == ["row 44"]
        assert "1–1 of 1, filtered from 47" in wide.text("value-table")
        wide.find("#value-table input[type=search]")[0].send_keys("x")
        status = wide.find("#value-table .pager [role=status]")[0].text
        assert status == "No row matches the filter."

    def test_filter_stays_visible_when_fewer_rows_remain(self, wide: Browser) -> None:
        wide.find("#value-table input[type=search]")[0].send_keys("row 2")
        wide.script(_TABLE.replace("length: 47", "length: 3"))
        assert [row[0] for row in wide.rows("value-table")] == ["row 2"]
        assert wide.find("#value-table input[type=search]")[0].get_attribute("value") == "row 2"

    def test_decimal_points_are_aligned(self, wide: Browser) -> None:
        cells = wide.script(
            "return [...document.querySelectorAll('#value-table td.number')]"
            ".map(it => it.textContent)"
        )
        padded = [cell for cell in cells if cell != "–"]
        assert {len(cell.partition(".")[2] or cell[-4:]) for cell in padded if "." in cell} == {3}
        assert "0\u2007\u2007\u2007\u2007" in padded

    def test_download_is_csv_with_hidden_columns_and_without_formulas(self, wide: Browser) -> None:
        text = wide.script("""
            let blob;
            URL.createObjectURL = made => { blob = made; return "#"; };
            HTMLAnchorElement.prototype.click = function () { window.downloaded = this.download; };
            document.querySelector("#value-table .download").click();
            return blob.text();
        """)
        rows = list(csv.reader(io.StringIO(text)))
        assert rows[0] == ["Name", "Price", "Hidden"]
        assert rows[1] == ["row 0", "0", 'a "b", c']
        assert rows[2] == ["row 1", "0.875", "'=1+1"]
        assert rows[4] == ["row 3", "", "'=1+1"]
        assert len(rows) == 48
        assert wide.script("return window.downloaded") == "value-table.csv"

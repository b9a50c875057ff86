"""The report in a browser: details of a model, comparison of models, print, no JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader
from selenium.webdriver.common.keys import Keys
from support.browser import Browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="class")
def reader(sample: Path) -> Iterator[Reader]:
    with DuckDBReader(sample) as opened:
        yield opened


class TestSheet:
    """Tests that share the page, each with its own selection."""

    def test_every_model_can_be_opened_and_has_all_its_scores_and_offers(
        self, wide: Browser, reader: Reader
    ) -> None:
        counts = reader.query(
            "select model_id, coalesce(benchmark_count, 0), offer_count from marts.models"
        ).rows
        for model_id, benchmark_count, offer_count in counts:
            wide.driver.execute_script(
                "choose({ sheet: arguments[0], models: padded([modelsByText.get(arguments[0])]) })",
                model_id,
            )
            assert len(wide.rows("scores-table")) == benchmark_count, model_id
            assert len(wide.rows("offers-table")) == offer_count, model_id
            scrolling = wide.script(
                "return [...document.querySelectorAll('#sheet-body .scroller')]"
                ".filter(it => it.scrollWidth > it.clientWidth).map(it => it.ariaLabel)"
            )
            assert scrolling == []
        wide.settle()
        assert wide.console_messages() == []

    def test_sheet_shows_rank_evidence_source_and_doubt_of_a_score(self, wide: Browser) -> None:
        wide.script("choose({ sheet: 'zenith-max-preview', models: preselected })")
        assert wide.text("sheet-title") == "Offers and scores of Zenith Max (preview)"
        (code,) = (row for row in wide.rows("scores-table") if row[0] == "Sample Code Code")
        assert code[1] == "66.0 % disputed"
        assert code[2] == "4 of 6"
        (link,) = (
            row.find_element("tag name", "a")
            for row in wide.find("#scores-table tbody tr")
            if row.text.startswith("Sample Code")
        )
        assert link.text == "third party ↗"
        shown = """
            const score = { evidence: "third_party", has_example_source: 1 };
            return ["score_disputed", "source_is_placeholder"]
                .map(doubt_rule => evidenceOf({ ...score, doubt_rule }).textContent);
        """
        assert wide.script(shown) == ["third party, example source", "third party"]
        assert link.get_attribute("rel") == "noopener noreferrer"
        assert link.get_attribute("href") == "https://sample.invalid/results/sample-code"
        wide.click("#scores-table .mark")
        assert "listed scores differ" in wide.script(
            "return [...document.querySelectorAll('#scores-table .why')]"
            ".map(it => it.textContent).join()"
        )
        (row,) = (row for row in wide.rows("scores-table") if row[0].startswith("Sample Long"))
        assert row[2].endswith("not comparable")

    def test_filter_finds_the_marked_scores(self, wide: Browser) -> None:
        wide.script("tableStates.clear(); choose({ sheet: 'tessera-70b-open' }); showSheet();")
        assert "marked as doubtful" in wide.text("scores-note")
        wide.script("changeTable('scores-table', { query: 'disputed' })")
        assert [row[0] for row in wide.rows("scores-table")] == ["Sample Code Code"]
        wide.script("tableStates.clear()")

    def test_facts_are_side_by_side_with_the_age_of_the_record(self, wide: Browser) -> None:
        wide.script(
            "choose({ models: padded(['tessera-70b-open', 'aurora-large-1', 'kestrel-embed-0']"
            ".map(text => modelsByText.get(text))) })"
        )
        facts = {row[0]: row[1:] for row in wide.rows("facts")}
        assert facts["Organization"][1] == "Northlight Labs"
        assert facts["Open weight"] == ["yes", "no", "no"]
        assert facts["Cheapest offer, US$ / M tokens"][0] == "free at Commons"
        week = "Cheapest paid price in the 7 days up to 2026-11-21, US$ / M tokens"
        assert facts[week][0].endswith("; free since 2026-11-20 or earlier")
        assert facts["Benchmarks"][2] == "not counted, because it left the catalog"
        left = [row for row in wide.rows("history-table") if "Kestrel Embed 0" in row[0]]
        assert [row[-1] for row in left] == ["2026-11-21 left the catalog"]
        labels = [text.text for text in wide.find("#history-chart .ends_marks text")]
        assert "Kestrel Embed 0" not in labels
        assert facts["Record"][0].startswith("fetched 2026-11-21, ")
        assert facts["Record"][2].endswith("; left the catalog 2026-11-21")
        assert "commercial use: yes" in facts["License"][0]

    def test_head_to_head_equals_the_macro(self, wide: Browser, reader: Reader) -> None:
        ids = ["zenith-max-preview", "aurora-large-1", "kestrel-2-pro"]
        wide.script(
            "choose({ models: padded(arguments[0].map(text => modelsByText.get(text))) })", ids
        )
        for model_id in ids:
            expected = {
                row[0]: list(row[1:])
                for row in reader.query(
                    "select opponent_model_id, win_count, tie_count, loss_count "
                    "from marts.head_to_head(?)",
                    [model_id],
                ).rows
            }
            for opponent in set(ids) - {model_id}:
                found = wide.script(
                    "const [one, two] = arguments.length ? [...arguments].map(text => "
                    "models.get(modelsByText.get(text))) : [];"
                    "const it = headToHead(one, two); return [it.wins, it.ties, it.losses];",
                    model_id,
                    opponent,
                )
                assert found == expected[opponent], (model_id, opponent)
        assert len(wide.rows("head-to-head-table")) == 3

    def test_shared_benchmarks_mark_the_best_score(self, wide: Browser) -> None:
        wide.script(
            "choose({ models: padded(['zenith-max-preview', 'aurora-large-1']"
            ".map(text => modelsByText.get(text))) })"
        )
        best = [cell.text for cell in wide.find("#shared-table td b")]
        assert len(best) >= len(wide.rows("shared-table"))

    def test_only_lowest_prices_of_more_than_three_models_are_labelled(self, wide: Browser) -> None:
        wide.script("choose({ models: padded([...models.keys()].slice(0, 5)) })")
        labels = wide.script("""
            return [...document.querySelectorAll("#history-chart .ends_marks text")]
                .map(text => [text.textContent, getComputedStyle(text).fontWeight]);
        """)
        bold = [text for text, weight in labels if weight == "700"]
        assert len(bold) > 1
        assert len(labels) == 2 * len(bold), "a name and a price for each model"
        assert wide.script("return truncateMiddle('Synthetic 8312', 9)") == "Synt…8312"

    def test_tab_keeps_the_focus_and_a_removed_model_closes_its_sheet(self, wide: Browser) -> None:
        wide.script("choose({ sheet: '', models: preselected })")
        wide.find("#sheet-tabs button")[1].send_keys(Keys.ENTER)
        wide.settle()
        focused = wide.driver.switch_to.active_element
        assert focused.get_attribute("aria-pressed") == "true"
        wide.script("toggleModel(preselected[1])")
        assert wide.script("return state.sheet") == ""
        assert len(wide.find("#sheet-tabs [aria-pressed=true]")) == 1

    def test_nothing_selected_is_explained(self, wide: Browser) -> None:
        wide.script("choose({ sheet: '', models: padded([]) })")
        assert "No model is selected" in wide.text("chips")
        assert "Select models" in wide.text("facts")
        assert "Select a model" in wide.text("sheet-note")
        assert "Select a model" in wide.text("history-chart")


def test_page_without_scripts_shows_the_leaders_and_no_empty_controls(
    browser: Browser, sample_page: Path, page_of: Callable[[str], Path]
) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.get("about:blank")
        browser.driver.get(sample_page.as_uri())
        assert "Without JavaScript" in browser.find("noscript")[0].text
        assert browser.find("#leaders-table tbody tr")[0].text.startswith("1 Zenith Max")
        assert len(browser.find("#leaders-table tbody tr")) == 10
        shown = [it for it in browser.find("select, input, button") if it.is_displayed()]
        assert shown == []
        browser.driver.get(page_of("hostile").as_uri())
        assert browser.overflow() == 0
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_print_is_light_and_without_controls(browser: Browser, sample_page: Path) -> None:
    browser.open(sample_page, width=760, scheme="dark")
    browser.emulate("dark", media="print")
    try:
        shown = [
            it.get_attribute("id") for it in browser.find("select, input") if it.is_displayed()
        ]
        assert shown == []
        colour = browser.script("return getComputedStyle(document.body).color")
        assert colour == "rgb(28, 33, 38)"
        assert browser.overflow() == 0
        choices = browser.text("printed-choices")
        expected = "Choices: Score: Overall; Evidence: all scores; free offers; Price: blended; "
        assert choices.startswith(expected)
        assert choices.count("Evidence") == 1
        heads = "return getComputedStyle(document.querySelector('#leaders-table thead')).display"
        assert browser.script(heads) == "table-header-group"
        sort = "return getComputedStyle(document.querySelector('thead .sort')).display"
        assert browser.script(sort) == "contents", "a header with a button would not be repeated"
    finally:
        browser.emulate("light")
    assert browser.text("printed-choices") == "", "only on paper"

"""Costs, frontier, threshold and filters of the report in a browser, compared with the marts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from support.browser import PHONE, Browser

pytestmark = pytest.mark.slow


class TestAnswer:
    """Tests that share the page; before each test, all choices are reset."""

    @pytest.fixture(autouse=True)
    def _reset(self, wide: Browser) -> None:
        wide.script("choose({ ...DEFAULTS, models: preselected })")

    @pytest.mark.parametrize(("free", "flag"), [("yes", "is_pareto"), ("", "is_pareto_paid")])
    def test_frontier_of_every_category_and_benchmark_is_that_of_the_mart(
        self, wide: Browser, stored: Reader, free: str, flag: str
    ) -> None:
        wide.script("choose({ few: 'yes' })")
        subjects = wide.choices("score")
        assert len(subjects) >= 10
        frontiers = wide.script(
            """
            const [subjects, free] = arguments, before = state;
            const found = subjects.map(score => {
                state = { ...before, score, free };
                const frontier = answer().points.filter(point => point.isFrontier);
                return frontier.map(point => texts[point.id]).sort();
            });
            state = before;
            return found;
            """,
            subjects,
            free,
        )
        query = f"""
            select 'category ' || category as subject, model_id
            from marts.price_quality where evidence_scope = 'all' and {flag}
            union all
            select 'benchmark ' || benchmark_id as subject, model_id
            from marts.price_performance where {flag}
            order by model_id
        """
        expected: dict[str, list[str]] = {subject: [] for subject in subjects}
        for subject, model_id in stored.query(query).rows:
            expected[subject].append(model_id)
        assert dict(zip(subjects, frontiers, strict=True)) == expected

    def test_costs_of_a_workload_are_those_of_the_macro(self, wide: Browser, sample: Path) -> None:
        wide.choose("input", "50")
        wide.choose("output", "10")
        found = wide.script("""
            const row = ({ offer, cost }) =>
                [texts[offer.model_id], texts[offer.provider_id], offer.offer_number, cost];
            return [...models.values()].flatMap(model => pricedOffers(model).map(row)).sort();
        """)
        query = """
            select model_id, provider_id, offer_number, cost_usd
            from marts.workload_cost(50000000, 10000000)
            order by model_id, provider_id, offer_number
        """
        with DuckDBReader(sample) as reader:
            assert found == [list(row) for row in reader.query(query).rows]
        assert "50 M input and 10 M output tokens a month" in wide.text("value-note")
        heading = wide.find("#value-table th:nth-child(3)")[0].text
        assert heading == "US$ a month"
        assert "US$ a month, logarithmic" in [it.text for it in wide.find("#value-chart text")]

    def test_impossible_number_is_marked_and_ignored(self, wide: Browser) -> None:
        answer = wide.text("value-answer")
        for control in ("input", "min"):
            wide.choose(control, "-5")
        assert wide.text("value-answer") == answer
        assert wide.script("return threshold(subject())") is None
        invalid = "return [...document.querySelectorAll('[aria-invalid=true]')].map(it => it.id)"
        assert wide.script(invalid) == ["min", "input"]
        for control in ("input", "min"):
            wide.choose(control, "5")
        assert wide.script(invalid) == []

    def test_half_of_a_workload_is_not_shown_as_a_whole(self, wide: Browser) -> None:
        wide.choose("input", "50")
        assert wide.text("value-answer").endswith(" (output: 0).")
        assert "Cost of 50 M input tokens a month (output: 0)," in wide.text("value-note")
        wide.choose("output", "0")
        assert "(output" not in wide.text("value-answer")
        assert "50 M input and 0 M output tokens a month" in wide.text("value-note")

    def test_threshold_lists_the_offers_of_good_models_cheapest_first(self, wide: Browser) -> None:
        wide.script("toggleModel(modelsByText.get('kestrel-2-pro'))")
        wide.choose("like", "kestrel-2-pro")
        scores = [float(row[3].removesuffix(" %")) for row in wide.rows("value-table")]
        costs = wide.script("return shownAnswer.good.map(point => point.cost)")
        assert min(scores) == 72.5
        assert len(scores) == 3
        assert costs == sorted(costs)
        assert wide.text("value-answer") == (
            "The cheapest of 3 models that are good enough: Quill Coder 1 at Bluebird, "
            "2.13 US$ / M tokens."
        )
        assert not wide.find("#min")[0].is_enabled()
        wide.choose("like", "")
        wide.choose("min", "80")
        assert [row[0] for row in wide.rows("value-table")] == ["Zenith Max (preview) frontier"]

    def test_model_without_a_rank_leaves_no_model_good_enough(self, wide: Browser) -> None:
        wide.script("choose({ models: padded([modelsByText.get('kestrel-2-mini')]) })")
        wide.choose("score", "category code")
        assert wide.text("value-answer").startswith("No minimum is set. The cheapest of 5 models: ")
        unranked = "2 models with a score in Code have no rank and are not considered."
        assert unranked in wide.text("value-note")
        (option,) = wide.find("#like option[value=kestrel-2-mini]")
        assert option.text == "as good as Kestrel 2 Mini: no rank or score"
        option.click()
        assert wide.text("value-answer") == (
            "Kestrel 2 Mini has no rank in Code: it has scores in 2 of the 3 counted benchmarks "
            "needed; choose another model, or any score and a minimum, or compare on Sample "
            "Repair instead, or compare on Sample Agent instead."
        )
        assert wide.rows("value-table") == []
        assert wide.script("return shownAnswer.points.some(point => point.isGood)") is False
        wide.find("#value-answer button")[0].send_keys(Keys.ENTER)
        wide.settle()
        assert wide.script("return state.score") == "benchmark sample-repair"
        assert wide.driver.switch_to.active_element.get_attribute("id") == "score"
        assert wide.text("value-answer").startswith("The cheapest of 7 models that are good enough")

    def test_doubtful_score_is_marked_in_answer_chart_and_card(self, wide: Browser) -> None:
        wide.script("choose({ score: 'benchmark sample-code', organization: 'zenith' })")
        assert wide.text("value-answer").endswith(" US$ / M tokens. disputed")
        (dot,) = wide.find("#value-chart .points_marks path")
        assert "score 66.0 % (disputed)" in (dot.get_attribute("aria-label") or "")
        assert "Squares: doubtful scores." in wide.text("value-note")
        wide.script("pinCard(shownAnswer.points[0], shownAnswer.about)")
        assert (
            wide.text("value-card").splitlines()[1].endswith(" score 66.0 %, third party. disputed")
        )
        wide.choose("min", "99")
        assert wide.text("value-answer").startswith("None reaches 99.0 %; closest: Zenith Max")
        assert wide.text("value-answer").endswith(" disputed")

    def test_model_without_a_score_leaves_no_model_good_enough(self, wide: Browser) -> None:
        wide.script("choose({ like: 'murmur-1', score: 'benchmark sample-code' })")
        answer = wide.text("value-answer")
        assert answer.startswith("Murmur 1 has no score in Sample Code; choose another model, or ")
        wide.script("choose({ like: 'kestrel-embed-0', score: 'category overall' })")
        answer = wide.text("value-answer")
        assert answer.startswith("Kestrel Embed 0 has no rank, because it left the catalog; ")

    def test_evidence_is_chosen_next_to_the_score_and_named_in_the_filters(
        self, wide: Browser
    ) -> None:
        categories = [it for it in wide.choices("score") if it.startswith("category ")]
        wide.choose("value-scope", "independent")
        assert [it for it in wide.choices("score") if it.startswith("category ")] == categories
        assert "categories" not in wide.text("value-note")
        (option,) = wide.find("#score option[value='category math']")
        assert option.text == "Math · no ranks"
        assert wide.find("#scope")[0].get_attribute("value") == "independent"
        wide.choose("score", "benchmark sample-code")
        assert "Filters: verified and third-party only." in wide.text("value-note")
        evidence = wide.script("return shownAnswer.points.map(it => scoreOf(it).evidence)")
        assert evidence
        assert "self_reported" not in evidence

    def test_every_offer_is_listed_on_request(self, wide: Browser) -> None:
        wide.script("choose({ every: 'yes', organization: 'tessera' })")
        offers = wide.rows("value-table")
        assert len({row[0].removesuffix(" frontier") for row in offers}) < len(offers)

    @pytest.mark.parametrize(
        ("choice", "value", "where"),
        [
            ("open", "yes", "is_open_weight"),
            ("commercial", "yes", "allow_commercial"),
            ("organization", "northlight", "organization_id = 'northlight'"),
            ("modality", "image", "list_contains(modalities, 'image')"),
            ("context", "200000", "context_window_tokens >= 200000"),
            ("released", "2026-06-01", "release_date >= date '2026-06-01'"),
        ],
    )
    def test_filter_keeps_the_models_that_meet_it(
        self, wide: Browser, stored: Reader, choice: str, value: str, where: str
    ) -> None:
        found = wide.script(
            "choose({ [arguments[0]]: arguments[1] });"
            "return answer().points.map(point => texts[point.id]).sort();",
            choice,
            value,
        )
        query = f"""
            select model_id from marts.price_quality inner join marts.models using (model_id)
            where category = 'overall' and evidence_scope = 'all' and {where} order by model_id
        """
        assert found == [model_id for (model_id,) in stored.query(query).rows]
        assert found

    def test_provider_filter_costs_only_its_offers(self, wide: Browser) -> None:
        wide.script("choose({ provider: 'cumulus' })")
        assert {row[1] for row in wide.rows("value-table")} == {"Cumulus"}

    def test_no_match_is_explained(self, wide: Browser) -> None:
        wide.choose("min", "101")
        assert "lower the minimum" in wide.text("value-table")
        best = wide.script("return percent(Math.max(...answer().points.map(it => it.value)))")
        assert wide.text("value-answer") == (
            f"None reaches 101.0 %; closest: Zenith Max (preview), {best}, at Zenith, "
            "30.00 US$ / M tokens."
        )
        wide.choose("released", "2030-01-01")
        assert "No model with a price and a score meets" in wide.text("value-chart")


@pytest.fixture(scope="class")
def suspect(chromium: Browser, page_of: Callable[[str], Path]) -> Browser:
    chromium.open(page_of("suspect prices"), width=PHONE)
    return chromium


class TestSuspectPrices:
    """Tests that share a page with a model whose price is suspect."""

    def test_suspect_price_is_marked_in_the_table_and_in_the_chart(self, suspect: Browser) -> None:
        reason = "input price 0.01 and output price 4 differ by a factor of 100 or more"
        for table in ("value-table", "leaders-table"):
            marks = suspect.find(f"#{table} .mark")
            assert [mark.text for mark in marks] == ["suspect"], table
        suspect.click("#value-table .mark")
        assert suspect.find("#value-table .why")[0].text == reason
        assert suspect.find("#value-table .mark")[0].get_attribute("aria-expanded") == "true"
        suspect.click("#value-table .mark")
        assert not suspect.find("#value-table .why")[0].is_displayed()
        described = suspect.script(
            "return [...document.querySelectorAll('#value-chart .points_marks path')]"
            ".map(it => it.ariaLabel)"
        )
        assert [label for label in described if reason in label] != []
        assert "Triangles: suspect prices" in suspect.text("value-note")

    def test_suspect_price_does_not_stretch_the_axis(self, suspect: Browser) -> None:
        ticks = [it.text for it in suspect.find("#value-chart .role-axis-label text")]
        assert "$0.1" not in ticks
        assert "$1" in ticks

    def test_evidence_is_visible_under_each_score(self, suspect: Browser) -> None:
        suspect.choose("score", "benchmark b1")
        assert suspect.rows("value-table")[0][3] == "0.0 % self-reported"
        shared = ["20.0 % self-reported", "10.0 % self-reported"]
        assert suspect.rows("shared-table")[0][2:] == shared
        suspect.choose("score", "category overall")

    def test_tapped_dot_is_described_on_a_card_until_it_is_closed(self, suspect: Browser) -> None:
        touch = "Emulation.setTouchEmulationEnabled"
        suspect.driver.execute_cdp_cmd(touch, {"enabled": True})
        try:
            (dot,) = (
                path
                for path in suspect.find("#value-chart .points_marks path")
                if (path.get_attribute("aria-label") or "").startswith("lopsided")
            )
            ActionChains(suspect.driver, duration=0).click(dot).perform()
            assert suspect.text("value-card").startswith("lopsided")
            assert "1.01 US$ / M tokens at p" in suspect.text("value-card")
            assert "suspect" in suspect.text("value-card")
            suspect.click("#value-card [aria-label=Close]")
            assert not suspect.find("#value-card")[0].is_displayed()
        finally:
            suspect.driver.execute_cdp_cmd(touch, {"enabled": False})


def test_rate_from_few_benchmarks_is_marked_in_every_section(
    browser: Browser, page_of: Callable[[str], Path]
) -> None:
    """The model `thin` has 3 of 13 benchmarks."""
    reason = "only 3 benchmarks, and the best covered model has 13"
    browser.open(page_of("few benchmarks"), choices="#m1=a&m2=thin")
    for table, column in (("value-table", 3), ("leaders-table", 1)):
        rows = browser.rows(table)
        marked = [row for row in rows if row[column].endswith("few benchmarks")]
        assert len(rows) == 4, table
        assert ["thin" in "".join(row) for row in marked] == [True], table
    facts = {row[0]: row[1:] for row in browser.rows("facts")}
    marks = [rank.endswith(" few benchmarks") for rank in facts["Overall rank"]]
    assert marks == [False, True]
    dots = [
        path.get_attribute("aria-label") or ""
        for path in browser.find("#value-chart .points_marks path")
    ]
    assert [dot.split()[0] for dot in dots if f"(few benchmarks: {reason})" in dot] == ["thin"]
    assert "Diamonds: few benchmarks." in browser.text("value-note")
    browser.choose("min", "99.9")
    assert "closest: thin" in browser.text("value-answer")
    assert browser.find("#value-answer .mark")[0].get_attribute("title") == reason
    browser.choose("score", "benchmark b1")
    assert browser.find("#value-table .mark") == []

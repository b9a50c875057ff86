"""Cost of the report on a large catalog: `python tests/bench/report.py [MODELS]`.

The catalog is synthetic: 10,000 models with 8 offers and 30 scores each. The page is opened in
Chromium. For each action on the page, the program prints the time until all charts are drawn, and
the processor time of the page's main thread. Other programs do not affect the processor time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from llm_stats.report.page import write
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.browser import Browser
from support.chromium import running_chromium
from support.report_fixtures import warehouse
from support.synthetic_catalog import synthetic_catalog

_LIMIT_SECONDS = 0.3
_ACTIONS = {
    "category": "choose({ score: 'category code' })",
    "benchmark": "choose({ score: 'benchmark benchmark-1' })",
    "evidence": "choose({ scope: 'independent' })",
    "back to the first choices": "choose({ ...DEFAULTS })",
    "workload": "choose({ input: '50', output: '10' })",
    "minimum score": "choose({ min: '60' })",
    "open weight": "choose({ open: 'yes' })",
    "provider": "choose({ provider: 'provider-3', open: '', min: '' })",
    "every offer": "choose({ every: 'yes', provider: '' })",
    "third model": "toggleModel([...models.keys()][100])",
    "fourth model": "toggleModel([...models.keys()][200])",
    "fifth model": "toggleModel([...models.keys()][300])",
    "sheet": "choose({ sheet: texts[[...models.keys()][200]] })",
    "category of the leaderboard": "choose({ board: 'math' })",
    "kind of price": "choose({ kind: 'input' })",
    "days of the price chart": "choose({ range: 'all' })",
    "days of changes": "choose({ days: '90' })",
    "cheapest price moved": "choose({ what: 'cheapest' })",
    "only selected models": "choose({ only: 'yes' })",
    "offers of a provider": "choose({ seller: 'provider-3' })",
    "search of a model": "type('#search', 'synth 99')",
    "filter of a table": "type('#value-table input', 'provider 3')",
    "sorting of a table": "document.querySelector('#value-table th:nth-child(4) button').click()",
}
_RUN = """
    const done = arguments[0], started = performance.now();
    const type = (selector, text) => {
        const field = document.querySelector(selector);
        field.value = text;
        field.dispatchEvent(new Event("input"));
    };
    ACTION;
    drawing.then(() => requestAnimationFrame(() => done((performance.now() - started) / 1000)));
"""


def _cpu_seconds(browser: Browser) -> float:
    metrics = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float(next(it["value"] for it in metrics if it["name"] == "TaskDuration"))


def main(models: int) -> int:
    """Print the costs; return 1 if an action takes more processor time than the limit."""
    with tempfile.TemporaryDirectory() as folder:
        page, file = Path(folder) / "report.html", Path(folder) / "w.duckdb"
        warehouse(file, synthetic_catalog(models))
        started, cpu_started = time.perf_counter(), time.process_time()
        with DuckDBReader(file) as reader:
            write(reader, page)
        print(
            f"{models} models: written in {time.perf_counter() - started:.1f} s "
            f"({time.process_time() - cpu_started:.1f} s of processor time), "
            f"{page.stat().st_size / 1e6:.1f} MB"
        )
        with running_chromium(Path(folder) / "profile") as driver:
            browser = Browser(driver)
            time_domain = {"timeDomain": "threadTicks"}
            browser.driver.execute_cdp_cmd("Performance.enable", time_domain)
            started, cpu_started = time.perf_counter(), _cpu_seconds(browser)
            browser.open(page)
            spent = _cpu_seconds(browser) - cpu_started
            print(f"opened in {time.perf_counter() - started:.1f} s ({spent:.1f} s)")
            slow = 0
            for name, action in _ACTIONS.items():
                cpu_started = _cpu_seconds(browser)
                seconds = browser.driver.execute_async_script(_RUN.replace("ACTION", action))
                spent = _cpu_seconds(browser) - cpu_started
                slow += spent > _LIMIT_SECONDS
                print(f"{name:30} {seconds:.2f} s ({spent:.2f} s)")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))

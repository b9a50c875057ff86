"""The dashboard in `docs/superset`, imported into a real Superset."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests
from llm_stats.sample.demo import run_demo
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from support.chromium import running_chromium
from support.generations import publish_prices
from support.superset_files import DATABASE, FOLDER, parsed
from support.virtualenvs import python_with

pytestmark = [pytest.mark.superset, pytest.mark.timeout(1200)]

#: Superset 6.1.0 does not declare `cachetools` and `rich`, and requires an old Flask-Caching.
PACKAGES = ("apache-superset==6.1.0", "duckdb-engine", "flask-caching<2.4", "cachetools", "rich")
USER = PASSWORD = "admin"
CONFIG = """
SECRET_KEY = "a key of the tests"
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""


class Superset:
    """A running Superset with the dashboard."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        login = {"username": USER, "password": PASSWORD, "provider": "db"}
        answer = self._session.post(f"{url}/api/v1/security/login", json=login)
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        listed = self._get("/api/v1/chart/?q=(page_size:100)")
        self._ids = {chart["slice_name"]: chart["id"] for chart in listed.json()["result"]}
        self.charts = list(self._ids)

    def rows(self, chart: str) -> list[dict[str, Any]]:
        """Run the saved query of a chart."""
        answer = self._get(f"/api/v1/chart/{self._ids[chart]}/data/")
        assert answer.status_code == 200, answer.text
        (result,) = answer.json()["result"]
        assert result["error"] is None
        rows: list[dict[str, Any]] = result["data"]
        return rows

    def execute(self, query: str) -> requests.Response:
        """Run a query in SQL Lab."""
        given = {"database_id": 1, "sql": query, "schema": "marts"}
        return self._session.post(f"{self.url}/api/v1/sqllab/execute/", json=given, timeout=60)

    def _get(self, path: str) -> requests.Response:
        return self._session.get(self.url + path, timeout=60)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a published database with the sample of two days."""
    path = tmp_path_factory.mktemp("warehouse") / "llm_stats.duckdb"
    run_demo(path)
    return path


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory, database: Path) -> Iterator[Superset]:
    """Yield a Superset with the dashboard, set up in the steps of the documentation."""
    folder = tmp_path_factory.mktemp("superset")
    command = str(Path(python_with(folder, *PACKAGES)).with_name("superset"))
    (folder / "superset_config.py").write_text(CONFIG.format(folder=folder))
    environment = os.environ | {
        "SUPERSET_CONFIG_PATH": str(folder / "superset_config.py"),
        "SUPERSET_HOME": str(folder),
        "FLASK_APP": "superset",
    }

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [command, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    run("db", "upgrade")
    names = ["--firstname", "Ada", "--lastname", "Admin", "--email", "admin@example.org"]
    run("fab", "create-admin", "--username", USER, "--password", PASSWORD, *names)
    run("init")
    export = shutil.copytree(FOLDER, folder / "export" / "superset")
    connection = export / "databases" / "llm_stats.yaml"
    connection.write_text(connection.read_text("utf-8").replace(DATABASE, str(database)))
    archive = shutil.make_archive(str(folder / "dashboard"), "zip", export.parent, export.name)
    run("import-dashboards", "--path", archive, "--username", USER)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = [command, "run", "--host", "127.0.0.1", "--port", str(port), "--with-threads"]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(serving, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        while server.poll() is None:
            try:
                requests.get(f"{url}/health", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.5)
        yield Superset(url)
    finally:
        server.terminate()
        server.wait()


def test_every_chart_returns_rows(superset: Superset) -> None:
    assert sorted(superset.charts) == sorted(
        chart["slice_name"] for chart in parsed("charts").values()
    )
    for chart in superset.charts:
        assert superset.rows(chart), chart


def sign_in(driver: webdriver.Chrome, superset: Superset) -> None:
    driver.get(f"{superset.url}/login/")
    wait = WebDriverWait(driver, 60)
    wait.until(lambda _: driver.find_elements(By.ID, "username"))
    driver.find_element(By.ID, "username").send_keys(USER)
    driver.find_element(By.ID, "password").send_keys(PASSWORD)
    driver.find_element(By.CSS_SELECTOR, "[type=submit]").click()
    wait.until(lambda _: "/login" not in driver.current_url)


def test_dashboard_is_drawn_without_errors(superset: Superset, tmp_path: Path) -> None:
    with running_chromium(tmp_path / "profile") as driver:
        sign_in(driver, superset)
        size = {"width": 1400, "height": 2200, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(f"{superset.url}/superset/dashboard/llm-stats/")

        def texts(selector: str) -> list[str]:
            return [found.text for found in driver.find_elements(By.CSS_SELECTOR, selector)]

        def is_drawn(_: object) -> bool:
            drawn = texts("[data-test=slice-container]")
            return len(drawn) == len(superset.charts) and not texts(".loading")

        WebDriverWait(driver, 120).until(is_drawn)
        assert texts("[role=alert]") == []
        assert sorted(texts("[data-test=applied-filter-count]")) == ["1", "1", "2"]
        (link,) = driver.find_elements(By.LINK_TEXT, "LLM Stats")
        assert link.get_attribute("href") == "https://llm-stats.com/"


def test_sql_lab_needs_the_schema_and_cannot_write(superset: Superset, tmp_path: Path) -> None:
    assert superset.execute("select count(*) from marts.offers").status_code == 200
    assert "Did you mean" in superset.execute("select count(*) from offers").text
    file = tmp_path / "written.csv"
    assert "Permission Error" in superset.execute(f"copy (select 1) to '{file}'").text
    assert "does not allow for DDL/DML" in superset.execute("create table t (i int)").text


def test_charts_show_each_snapshot_at_the_next_query(superset: Superset, database: Path) -> None:
    published = Event()

    def query_all_charts() -> int:
        rounds = 0
        while not published.is_set():
            for chart in superset.charts:
                superset.rows(chart)
            rounds += 1
        return rounds

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(query_all_charts)
        try:
            for price, _ in publish_prices(database, 5, "duckdb"):
                rows = superset.rows("Cheapest offer of each model")
                assert {row["input_usd_per_mtok"] for row in rows} == {price}
        finally:
            published.set()
        assert reading.result() >= 1

"""The dbt project in `docs/dbt`, run by dbt-duckdb in a separate virtual environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from support.command import Command
from support.virtualenvs import ROOT, python_with

pytestmark = [pytest.mark.ecosystem, pytest.mark.timeout(600)]

PACKAGES = ("dbt-duckdb", "dbt-core<1.12")  # installing dbt-core 1.12 downloads a binary
#: Replacement for the package dbt_utils, which dbt would download.
DBT_UTILS = """
{% test unique_combination_of_columns(model, combination_of_columns) %}
select 1 from {{ model }} group by {{ combination_of_columns | join(', ') }} having count(*) > 1
{% endtest %}
"""


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(Path(python_with(tmp_path_factory.mktemp("dbt"), *PACKAGES)).with_name("dbt"))


@pytest.fixture
def database(demo: Path, workdir: Path) -> Path:
    """Return the path of a copy of the demo database that a test may change."""
    file = workdir / "warehouse.duckdb"
    file.write_bytes(demo.read_bytes())
    return file


@pytest.fixture
def project(workdir: Path) -> Path:
    return shutil.copytree(ROOT / "docs" / "dbt", workdir / "project")


def run(
    dbt: str, *arguments: str, project: Path, database: Path
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LLM_STATS_DATABASE": str(database), "DO_NOT_TRACK": "1"}
    command = [dbt, "--no-use-colors", "--warn-error", *arguments]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_project_builds_on_the_printed_sources(
    dbt: str, llm_stats: Command, project: Path, database: Path
) -> None:
    sources = llm_stats("dbt-sources", "--database", database).out
    (project / "models" / "sources.yml").write_text(sources)
    done = run(dbt, "build", project=project, database=database)
    assert done.returncode == 0, done.stdout
    fresh = run(dbt, "source", "freshness", project=project, database=database)
    assert "PASS freshness of llm_stats.freshness" in fresh.stdout
    with duckdb.connect(project / "llm_prices.duckdb", read_only=True) as connection:
        costs = connection.execute(
            "select team, model_id, provider_id, round(cost_usd, 2) from monthly_costs order by all"
        ).fetchall()
    with duckdb.connect(database, read_only=True) as connection:
        expected = [
            connection.execute(
                f"""
                select '{team}', model_id, provider_id, round(cost_usd, 2)
                from marts.workload_cost({tokens}) where model_id = '{model}'
                order by cost_usd, provider_id limit 1
                """
            ).fetchall()[0]
            for team, model, *counts in (
                line.split(",")
                for line in (project / "seeds" / "monthly_tokens.csv").read_text().split()[1:]
            )
            for tokens in [", ".join(counts)]
        ]
    assert costs == sorted(expected)


@pytest.mark.parametrize(
    ("duplicated", "expected"),
    [
        ((), []),
        (("models",), ["source_unique_llm_stats_models"]),
        (("offers",), ["dbt_utils_source_unique_combination_of_columns_llm_stats_offers"]),
    ],
    ids=["sound", "models", "offers"],
)
def test_tests_of_keys_find_duplicates(
    dbt: str,
    llm_stats: Command,
    project: Path,
    database: Path,
    duplicated: tuple[str, ...],
    expected: list[str],
) -> None:
    package = project / "dbt_utils"
    (package / "macros").mkdir(parents=True)
    (package / "macros" / "unique_combination_of_columns.sql").write_text(DBT_UTILS)
    (package / "dbt_project.yml").write_text("name: dbt_utils\nversion: 1.3.0\n")
    (project / "packages.yml").write_text("packages:\n  - local: dbt_utils\n")
    sources = llm_stats("dbt-sources", "--dbt-utils", "--database", database).out
    (project / "models" / "sources.yml").write_text(sources)
    with duckdb.connect(database) as connection:
        for view in duplicated:
            connection.execute(f"create table main.{view} as from marts.{view}")
            connection.execute(f"insert into main.{view} from main.{view} limit 1")
            connection.execute(f"create or replace view marts.{view} as from main.{view}")
    assert run(dbt, "deps", project=project, database=database).returncode == 0
    select = ["source:llm_stats.models", "source:llm_stats.offers", "--indirect-selection=cautious"]
    done = run(dbt, "test", "--select", *select, project=project, database=database)
    failures = re.findall(r"Failure in test (\w+?_llm_stats_[a-z]+)", done.stdout)
    assert sorted(failures) == sorted(expected), done.stdout
    assert done.returncode == bool(expected)

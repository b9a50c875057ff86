"""The Superset export in `docs/superset` against the marts, without Superset."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.superset_files import DATABASE, FOLDER, parsed, parsed_file

DATASETS, CHARTS, DASHBOARDS = parsed("datasets"), parsed("charts"), parsed("dashboards")
BY_UUID = {dataset["uuid"]: dataset for dataset in DATASETS.values()}
PHYSICAL = [name for name, dataset in DATASETS.items() if dataset["sql"] is None]


@pytest.fixture(scope="module")
def connection(demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(demo, read_only=True) as connected:
        yield connected


def names(dataset: dict[str, Any]) -> set[str]:
    """Return the names that a chart may use: columns and metrics."""
    return {column["column_name"] for column in dataset["columns"]} | {
        metric["metric_name"] for metric in dataset["metrics"]
    }


def stored_columns(dataset: dict[str, Any]) -> dict[str, str]:
    """Return the descriptions of the columns of a dataset; omit calculated columns."""
    return {
        column["column_name"]: column["description"]
        for column in dataset["columns"]
        if not column.get("expression")
    }


@pytest.mark.parametrize("name", PHYSICAL)
def test_dataset_has_the_columns_and_descriptions_of_its_mart(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    dataset = DATASETS[name]
    expected = connection.execute(
        "select column_name, comment from duckdb_columns() "
        "where schema_name = ? and table_name = ?",
        [dataset["schema"], dataset["table_name"]],
    ).fetchall()
    (comment,) = connection.execute(
        "select comment from duckdb_views() where schema_name = 'marts' and view_name = ?",
        [dataset["table_name"]],
    ).fetchall()
    assert dataset["schema"] == "marts"
    assert stored_columns(dataset) == dict(expected)
    assert (dataset["description"],) == comment


@pytest.mark.parametrize("name", DATASETS.keys() - set(PHYSICAL))
def test_virtual_dataset_selects_its_columns_from_marts(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    query = DATASETS[name]["sql"]
    selected = [row[0] for row in connection.execute(f"describe {query}").fetchall()]
    assert list(stored_columns(DATASETS[name])) == selected
    relations = re.findall(r"\b(?:from|join) ([\w.]+)", query)
    assert {name for name in relations if f"{name} as (" not in query} == {
        "marts.price_history",
        "marts.models",
    }


@pytest.mark.parametrize("name", DATASETS)
def test_metrics_and_calculated_columns_can_be_queried(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    dataset = DATASETS[name]
    source = f"({dataset['sql']})" if dataset["sql"] else f"marts.{dataset['table_name']}"
    calculated = [c["expression"] for c in dataset["columns"] if c.get("expression")]
    for expressions in ([metric["expression"] for metric in dataset["metrics"]], calculated):
        if expressions:
            assert connection.execute(f"select {', '.join(expressions)} from {source}").fetchone()


def test_every_column_and_metric_has_a_description() -> None:
    for name, dataset in DATASETS.items():
        for described in (*dataset["columns"], *dataset["metrics"]):
            assert described["description"], (name, described)


def columns_of(parameters: dict[str, Any]) -> list[str]:
    """Return the columns and metrics in the parameters of a chart."""
    keys = ("entity", "x", "y", "size", "series", "x_axis", "metric")
    named = [parameters[key] for key in keys if parameters.get(key)]
    named += [*parameters.get("all_columns", ()), *parameters.get("metrics", ())]
    named += [*parameters.get("groupby", ()), *parameters.get("column_config", ())]
    return named + [condition["subject"] for condition in parameters["adhoc_filters"]]


def columns_of_query(query: dict[str, Any]) -> list[str]:
    """Return the columns and metrics in the saved query of a chart."""
    columns = [c["label"] if isinstance(c, dict) else c for c in query["columns"]]
    return [
        *columns,
        *query.get("metrics", ()),
        *(condition["col"] for condition in query["filters"]),
        *(column for column, _ in query["orderby"]),
    ]


@pytest.mark.parametrize("name", CHARTS)
def test_chart_uses_columns_of_an_existing_dataset(name: str) -> None:
    chart = CHARTS[name]
    known = names(BY_UUID[chart["dataset_uuid"]])
    (query,) = json.loads(chart["query_context"])["queries"]
    drawn, queried = columns_of(chart["params"]), columns_of_query(query)
    assert set(drawn) <= known
    assert set(queried) <= known
    assert set(drawn) <= set(queried)


def test_dashboard_shows_every_chart_once() -> None:
    (dashboard,) = DASHBOARDS.values()
    shown = [
        item["meta"]["uuid"]
        for item in dashboard["position"].values()
        if isinstance(item, dict) and item["type"] == "CHART"
    ]
    assert sorted(shown) == sorted(chart["uuid"] for chart in CHARTS.values())


def test_filters_use_existing_columns_and_charts() -> None:
    (dashboard,) = DASHBOARDS.values()
    charts = {
        item["meta"]["chartId"]
        for item in dashboard["position"].values()
        if isinstance(item, dict) and item["type"] == "CHART"
    }
    filters = dashboard["metadata"]["native_filter_configuration"]
    assert [shown["name"] for shown in filters] == ["Model", "Category", "Evidence"]
    for shown in filters:
        (target,) = shown["targets"]
        assert target["column"]["name"] in names(BY_UUID[target["datasetUuid"]])
        assert set(shown["scope"]["excluded"]) < charts


def test_dashboard_shows_the_attribution() -> None:
    (dashboard,) = DASHBOARDS.values()
    texts = [
        item["meta"]["code"] for key, item in dashboard["position"].items() if "MARKDOWN" in key
    ]
    assert any("Data: [LLM Stats](https://llm-stats.com)\n" in text for text in texts)


def test_all_datasets_use_the_database() -> None:
    (database,) = parsed("databases").values()
    assert {dataset["database_uuid"] for dataset in DATASETS.values()} == {database["uuid"]}


def test_database_is_read_only_and_cannot_read_other_files() -> None:
    (database,) = parsed("databases").values()
    assert database["sqlalchemy_uri"] == f"duckdb:///{DATABASE}"
    assert database["allow_dml"] is database["allow_file_upload"] is False
    assert database["extra"]["engine_params"]["connect_args"] == {
        "read_only": True,
        "config": {"enable_external_access": False, "lock_configuration": True},
    }


def test_files_contain_no_password_and_no_path_of_one_machine() -> None:
    files = sorted(FOLDER.rglob("*.yaml"))
    assert len(files) > len(DATASETS) + len(CHARTS)
    for file in files:
        text = file.read_text("utf-8")
        assert parsed_file(file)["version"] == "1.0.0"
        assert not re.search(r"password|secret|token:|motherduck", text, re.IGNORECASE), file
        paths = re.findall(r"(?<![\w:<])/(?:\w[\w.-]*/)+[\w.-]+", text)
        assert set(paths) <= {DATABASE}, file

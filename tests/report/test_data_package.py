"""Exports, validated by Frictionless in a separate virtual environment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from llm_stats.report.export import export
from support.virtualenvs import python_with

pytestmark = [pytest.mark.ecosystem, pytest.mark.timeout(600)]

VALIDATE = """
import json, sys
import frictionless
report = frictionless.Package(sys.argv[1]).validate()
print(json.dumps({
    "valid": report.valid,
    "errors": report.flatten(["name", "rowNumber", "fieldNumber", "type", "note"])[:9],
    "tasks": {task.name: task.stats.get("rows") for task in report.tasks},
}))
"""
DESCRIBE = """
import json, sys
import frictionless
report = frictionless.Package.validate_descriptor(sys.argv[1])
names = frictionless.Package(sys.argv[1]).resource_names
print(json.dumps({"errors": report.flatten(["type", "note"]), "names": names}))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(tmp_path_factory.mktemp("frictionless"), "frictionless")


def run(python: str, program: str, folder: Path) -> dict[str, object]:
    command = [python, "-W", "ignore", "-c", program, "datapackage.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report


def test_csv_export_is_a_valid_package(python: str, demo: Path, tmp_path: Path) -> None:
    counts = export(demo, tmp_path / "out", "csv")
    report = run(python, VALIDATE, tmp_path / "out")
    assert report["errors"] == []
    assert report["valid"] is True
    assert report["tasks"] == counts


def test_descriptor_of_a_parquet_export_is_valid(python: str, demo: Path, tmp_path: Path) -> None:
    """Frictionless cannot check the rows: it reads Parquet with pandas, which has no list type."""
    counts = export(demo, tmp_path / "out", "parquet")
    report = run(python, DESCRIBE, tmp_path / "out")
    assert report["errors"] == []
    assert report["names"] == list(counts)


def test_duplicate_key_is_invalid(python: str, demo: Path, tmp_path: Path) -> None:
    export(demo, tmp_path / "out", "csv")
    models = tmp_path / "out" / "marts" / "models.csv"
    models.write_text(models.read_text("utf-8") + models.read_text("utf-8").splitlines()[1] + "\n")
    assert run(python, VALIDATE, tmp_path / "out")["valid"] is False

"""The Superset export in `docs/superset`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from support.virtualenvs import ROOT

FOLDER = ROOT / "docs" / "superset"
#: Path of the database in the exported files.
DATABASE = "/srv/llm-stats/llm_stats.duckdb"


def parsed(kind: str) -> dict[str, dict[str, Any]]:
    """Return the content of each file in a folder of the export, such as `charts`."""
    return {file.stem: parsed_file(file) for file in sorted((FOLDER / kind).glob("*.yaml"))}


def parsed_file(file: Path) -> dict[str, Any]:
    """Parse a file with libyaml, because the parser in Python takes 0.6 s for all files."""
    content: dict[str, Any] = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return content

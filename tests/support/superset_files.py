"""The Superset export in `docs/superset`."""

from __future__ import annotations

from typing import Any

import yaml
from support.virtualenvs import ROOT

FOLDER = ROOT / "docs" / "superset"
#: Path of the database in the exported files.
DATABASE = "/srv/llm-stats/llm_stats.duckdb"


def parsed(kind: str) -> dict[str, dict[str, Any]]:
    """Return the content of each file in a folder of the export, such as `charts`."""
    files = sorted((FOLDER / kind).glob("*.yaml"))
    return {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in files}

"""Summary file and JSON log of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_summary(workdir: Path) -> dict[str, Any]:
    """Return the content of `run.json`; assert that no temporary file is next to it."""
    written: dict[str, Any] = json.loads((workdir / "run.json").read_text())
    assert [file.name for file in workdir.glob("*run.json*")] == ["run.json"]
    return written


def log_events(err: str) -> list[dict[str, Any]]:
    """Parse each line of standard error as JSON; assert that every line is a log event."""
    assert err.isascii()
    logged = [json.loads(line) for line in err.splitlines()]
    for line in logged:
        assert list(line)[:3] == ["time", "level", "event"]
        assert line["time"].endswith("Z")
    return logged

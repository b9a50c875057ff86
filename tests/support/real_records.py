"""Real model records from the file that `LLM_STATS_TEST_RECORDS` names."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any


def real_records() -> list[dict[str, Any]]:
    """Return the records in the file, which is a JSON list.

    Return an empty list if `LLM_STATS_TEST_RECORDS` is not set.
    """
    file = os.environ.get("LLM_STATS_TEST_RECORDS")
    return json.loads(_text(file)) if file else []


@functools.cache
def _text(file: str) -> str:
    return Path(file).read_text("utf-8")

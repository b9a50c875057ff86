"""Model ids: cleaned, and told from what no address can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable


def cleaned(model_ids: Iterable[str]) -> list[str]:
    """Stripped, without empty ones, each once, in order."""
    return list(dict.fromkeys(stripped for model_id in model_ids if (stripped := model_id.strip())))


def is_askable(model_id: str) -> bool:
    """False for `.` and `..`, which would name another address, and for what cannot be written as UTF-8."""
    return model_id not in (".", "..") and not re.search("[\ud800-\udfff]", model_id)

"""A warehouse of LLM prices and benchmark scores.

`run` reads the catalog, fetches model records, checks them and publishes the warehouse; it returns
a `RunResult`.
`llm_stats` is a dlt source of the same records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_stats._version import __version__
from llm_stats.pipeline.result import RunResult
from llm_stats.python_api import run

if TYPE_CHECKING:
    from llm_stats.load.source import llm_stats

__all__ = ["RunResult", "__version__", "llm_stats", "run"]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import the dlt source on first use, because importing dlt takes a second."""
    if name == "llm_stats":
        from llm_stats.load.source import llm_stats

        return llm_stats
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

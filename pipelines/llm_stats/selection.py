"""Selection of models: named ids, or all models of the catalog.

The command `run`, `llm_stats.run()` and the dlt source follow the same rules. Their error messages
differ only in the names of ids and options.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llm_stats.errors import UsageError


@dataclass(frozen=True)
class Wording:
    """Names of ids and options in error messages."""

    ids: str
    all_models: str
    catalog_only: str
    choices: str


COMMAND = Wording("the ids", "--all", "--catalog-only", "model ids, use --ids-file FILE or --all")
PYTHON = Wording(
    "model_ids", "all_models=True", "catalog_only=True", "model_ids or all_models=True"
)


def require_selection(
    wording: Wording,
    model_ids: Sequence[str],
    *,
    are_given: bool,
    all_models: bool,
    catalog_only: bool = False,
) -> None:
    """Raise `UsageError` if the selection is empty or contradicts itself.

    `are_given` is False if `model_ids` come from the configuration. `all_models` then takes
    precedence over `model_ids`.
    """
    if are_given and all_models:
        raise UsageError(f"{wording.all_models} fetches every model; remove {wording.ids}")
    if catalog_only and not all_models:
        raise UsageError(
            f"{wording.catalog_only} reads the whole catalog; "
            f"add {wording.all_models}, and remove {wording.ids}"
        )
    if not model_ids and not all_models:
        raise UsageError(
            f"no models to fetch: pass {wording.choices}, or set model_ids in .dlt/config.toml"
        )

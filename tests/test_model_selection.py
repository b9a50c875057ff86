"""Selection of models: empty and contradictory selections, messages of command and Python."""

from __future__ import annotations

import pytest
from llm_stats.errors import UsageError
from llm_stats.selection import COMMAND, PYTHON, Wording, require_selection


@pytest.mark.parametrize(
    ("model_ids", "are_given", "all_models", "catalog_only"),
    [
        (["a"], True, False, False),
        (["a"], False, False, False),
        (["a"], False, True, False),
        ([], False, True, False),
        ([], False, True, True),
        (["a"], False, True, True),
    ],
)
def test_valid_selection(
    model_ids: list[str], are_given: bool, all_models: bool, catalog_only: bool
) -> None:
    require_selection(
        PYTHON,
        model_ids,
        are_given=are_given,
        all_models=all_models,
        catalog_only=catalog_only,
    )


NONE = "no models to fetch: pass {}, or set model_ids in .dlt/config.toml"


@pytest.mark.parametrize(
    ("wording", "model_ids", "all_models", "catalog_only", "message"),
    [
        (COMMAND, [], False, False, NONE.format("model ids, use --ids-file FILE or --all")),
        (PYTHON, [], False, False, NONE.format("model_ids or all_models=True")),
        (COMMAND, ["a"], True, False, "--all fetches every model; remove the ids"),
        (PYTHON, ["a"], True, False, "all_models=True fetches every model; remove model_ids"),
        (
            COMMAND,
            ["a"],
            False,
            True,
            "--catalog-only reads the whole catalog; add --all, and remove the ids",
        ),
        (
            PYTHON,
            [],
            False,
            True,
            "catalog_only=True reads the whole catalog; add all_models=True, and remove model_ids",
        ),
    ],
)
def test_invalid_selection(
    wording: Wording, model_ids: list[str], all_models: bool, catalog_only: bool, message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        require_selection(
            wording,
            model_ids,
            are_given=bool(model_ids),
            all_models=all_models,
            catalog_only=catalog_only,
        )
    assert str(raised.value) == message


def test_catalog_is_not_read_alone_by_default() -> None:
    require_selection(COMMAND, ["a"], are_given=True, all_models=False)

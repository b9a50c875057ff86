"""Materialize the asset of a Dagster recipe: `run_dagster.py RECIPE`.

Prints `[success, [models loaded, ...]]` as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import sys

import dagster

spec = importlib.util.spec_from_file_location("recipe", sys.argv[1])
assert spec is not None
assert spec.loader is not None
recipe = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recipe)
dagster.Definitions.validate_loadable(recipe.defs)
result = dagster.materialize([recipe.llm_stats_warehouse], raise_on_error=False)
events = [event.materialization.metadata for event in result.get_asset_materialization_events()]
print(json.dumps([result.success, [event["loaded"].value for event in events]]))

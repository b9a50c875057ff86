"""Materialize the asset of a Dagster recipe, once per API key: `run_dagster.py RECIPE KEY …`.

Prints `[[success, [models loaded, ...]], …]` as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys

import dagster

spec = importlib.util.spec_from_file_location("recipe", sys.argv[1])
assert spec is not None
assert spec.loader is not None
recipe = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recipe)
dagster.Definitions.validate_loadable(recipe.defs)
ended = []
for key in sys.argv[2:]:
    os.environ["LLM_STATS_API_KEY"] = key
    result = dagster.materialize([recipe.llm_stats_warehouse], raise_on_error=False)
    events = [event.materialization for event in result.get_asset_materialization_events()]
    ended.append([result.success, [event.metadata["loaded"].value for event in events]])
print(json.dumps(ended))

"""Run the DAG of an Airflow recipe, once with each API key: `run_airflow.py RECIPE KEY …`.

Prints, for each run, the state of its task as JSON: `["success", "failed", …]`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys

spec = importlib.util.spec_from_file_location("recipe", sys.argv[1])
assert spec is not None
assert spec.loader is not None
recipe = importlib.util.module_from_spec(spec)
sys.modules["recipe"] = recipe
spec.loader.exec_module(recipe)
states = []
for key in sys.argv[2:]:
    os.environ["LLM_STATS_API_KEY"] = key
    (task,) = recipe.llm_stats_warehouse().test().get_task_instances()
    states.append(str(task.state))
print(json.dumps(states))

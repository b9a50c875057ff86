"""Run the DAG of an Airflow recipe: `run_airflow.py RECIPE`.

Prints `[success, [state of the task]]` as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import sys

spec = importlib.util.spec_from_file_location("recipe", sys.argv[1])
assert spec is not None
assert spec.loader is not None
recipe = importlib.util.module_from_spec(spec)
sys.modules["recipe"] = recipe
spec.loader.exec_module(recipe)
(task,) = recipe.llm_stats_warehouse().test().get_task_instances()
print(json.dumps([task.state == "success", [str(task.state)]]))

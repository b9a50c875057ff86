"""Publish generations of prices, one run each: `publish_generations.py DATABASE COUNT DESTINATION`.

Prints `[generation, time]` as JSON after publishing each generation.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time

from llm_stats import sample
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings

database, count, destination = sys.argv[1:]
with SampleApi() as api:
    settings = demo_settings(api, pathlib.Path(database)).model_copy(
        update={"destination": destination}
    )
    for generation in range(1, int(count) + 1):
        records = sample.today()
        for entry in records:
            for offer in entry["providers"]:
                offer["input_price_per_m"] = generation
        api.publish(records)
        assert execute(settings, all_models=True).exit_code == 0
        print(json.dumps([generation, time.time()]), flush=True)

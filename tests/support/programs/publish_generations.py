"""Publish COUNT input prices, one run each: `publish_generations.py DATABASE COUNT DESTINATION`.

Prints `[price, time]` as JSON after publishing each price.
"""

from __future__ import annotations

import json
import pathlib
import sys

from support.generations import publish_prices

database, count, destination = sys.argv[1:]
for published in publish_prices(pathlib.Path(database), int(count), destination):
    print(json.dumps(published), flush=True)

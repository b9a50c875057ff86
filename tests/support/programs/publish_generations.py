"""Publish COUNT input prices, one run each, from the price FIRST on (by default 1).

The command is `publish_generations.py DATABASE COUNT DESTINATION [FIRST]`. Prints `[price, time]`
as JSON after publishing each price.
"""

from __future__ import annotations

import json
import pathlib
import sys

from support.generations import publish_prices

database, count, destination, *first = sys.argv[1:]
for published in publish_prices(pathlib.Path(database), int(count), destination, *map(int, first)):
    print(json.dumps(published), flush=True)

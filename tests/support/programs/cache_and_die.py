"""Cache 100 responses, then kill this process: `cache_and_die.py CACHE`."""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import signal
import sys

from llm_stats.api.responses import Body
from llm_stats.fetch.cache import ResponseCache

cache = ResponseCache(pathlib.Path(sys.argv[1]), dt.timedelta(hours=1)).__enter__()
for number in range(100):
    cache.put(str(number), Body(b"x" * 5000, dt.datetime.now(dt.UTC)))
os.kill(os.getpid(), signal.SIGKILL)

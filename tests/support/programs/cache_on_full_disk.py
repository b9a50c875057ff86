"""Cache responses in eight threads on a disk that is full: `cache_on_full_disk.py CACHE`.

Prints one thread's error, then whether all eight responses are missing from the cache.
"""

import datetime as dt
import pathlib
import resource
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from llm_stats.api.responses import Body
from llm_stats.fetch.cache import ResponseCache

path = pathlib.Path(sys.argv[1])
with ResponseCache(path, dt.timedelta(hours=1)) as cache:
    cache.put("first", Body(b"x" * 5000, dt.datetime.now(dt.UTC)))
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (100_000, 100_000)
    )  # simulate a full disk: no file can grow beyond 100 kB
    barrier = threading.Barrier(8)

    def put(number: int) -> str | None:
        barrier.wait()
        try:
            cache.put(f"second {number}", Body(b"x" * 500_000, dt.datetime.now(dt.UTC)))
        except OSError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(put, range(8)))
    assert all(results), results
    print(results[0])
    cache.end_run()
    print([cache.get(f"second {number}") for number in range(8)] == [None] * 8)

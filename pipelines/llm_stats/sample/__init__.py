"""The embedded sample: invented records, and the API that serves them on loopback.

Nothing here is a real model, price or score; every record says so in `source`, `description` and `url`.
"""

from llm_stats.sample.api import SAMPLE_KEY, SampleApi
from llm_stats.sample.catalog import CHANGES, load_records, today, yesterday

__all__ = ["CHANGES", "SAMPLE_KEY", "SampleApi", "load_records", "today", "yesterday"]

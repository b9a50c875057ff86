"""Bundled sample: invented records and an API that serves them on loopback.

No model, price or score is real; `source`, `description` and `url` of every record state this.
"""

from llm_stats.sample.api import SAMPLE_KEY, SampleApi
from llm_stats.sample.catalog import CHANGES, load_records, summary_of, today, yesterday

__all__ = ["CHANGES", "SAMPLE_KEY", "SampleApi", "load_records", "summary_of", "today", "yesterday"]

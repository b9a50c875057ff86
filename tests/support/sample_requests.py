"""Requests that a sample API received."""

from __future__ import annotations

from llm_stats.sample import SampleApi


def requested_ids(api: SampleApi) -> list[str]:
    """Return the id of each requested model, in the order of the requests."""
    return [request.model_id for request in api.requests if request.model_id]

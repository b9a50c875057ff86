"""Redirects: they are never followed, but a renamed model id is recognized."""

from __future__ import annotations

from urllib.parse import unquote, urljoin

from llm_stats.settings import is_valid_model_id


def describe_redirect(location: str, url: str, base_url: str) -> str:
    """Return the cause and the remedy of a redirect from `url` to `location`.

    If both are model records of the same API, the id has moved: `the model id moved to gpt-5; use
    the new id`. Otherwise the base URL may be wrong.
    """
    if new_id := _moved_id(location, url, f"{base_url}/models/"):
        return f"the model id moved to {new_id[:200]}; use the new id"
    return f"redirected to {location[:200]}; wrong base URL?"


def _moved_id(location: str, url: str, prefix: str) -> str | None:
    """Return the model id of the target if it differs from the id in `url`; otherwise None."""
    try:
        target = urljoin(url, location).partition("#")[0].partition("?")[0]
    except ValueError:
        return None
    if not (url.startswith(prefix) and target.startswith(prefix)):
        return None
    segment = target.removeprefix(prefix)
    new_id = unquote(segment)
    is_same = new_id == unquote(url.removeprefix(prefix))
    return new_id if "/" not in segment and not is_same and is_valid_model_id(new_id) else None

"""Redirects: they are never followed, but a renamed model id is recognized."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from llm_stats.settings import is_valid_model_id

_PERMANENT = (301, 308)


def describe_redirect(status: int, location: str | None, url: str, base_url: str) -> str:
    """Return the cause and the remedy of a redirect from `url` to `location`.

    If the redirect is permanent and leads from one model record to another, the id has moved: `the
    model id moved to gpt-5; use the new id`. Otherwise the base URL may be wrong.
    """
    if location is None:
        return "the response has no Location header; wrong base URL?"
    new_id = _moved_id(location, url, base_url) if status in _PERMANENT else None
    if new_id is not None:
        return f"the model id moved to {new_id[:200]}; use the new id"
    return f"redirected to {location[:200]}; wrong base URL?"


def _moved_id(location: str, url: str, base_url: str) -> str | None:
    """Return the model id of the target if it differs from the id in `url`; otherwise None.

    The target may have another scheme than `url`. A relative path such as `login` is not a model
    record: it may lead to a login page.
    """
    try:
        target, base = urlsplit(location), urlsplit(base_url)
    except ValueError:
        return None
    prefix = f"{base.path}/models/"
    is_same_api = target.netloc.lower() in ("", base.netloc.lower())
    source = url.removeprefix(f"{base_url}/models/")
    if source == url or "?" in location or not (is_same_api and target.path.startswith(prefix)):
        return None
    segment = target.path.removeprefix(prefix)
    new_id = unquote(segment)
    is_other = bool(new_id) and new_id != unquote(source)
    return new_id if is_other and "/" not in segment and is_valid_model_id(new_id) else None

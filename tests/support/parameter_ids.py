"""Readable ids of test parameters."""

from __future__ import annotations


def parameter_id(value: object) -> str | None:
    """Format a list as `a b` and a dict as `name=value, name=value`.

    Return None for all other values, so that pytest chooses their ids.
    """
    if isinstance(value, tuple | list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}={item}" for name, item in value.items()) or "none"
    return None

"""Readable ids of test parameters."""

from __future__ import annotations


def parameter_id(value: object) -> str | None:
    """Return a list as words and a dict as `name=value`; pytest names all other values."""
    if isinstance(value, tuple | list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}={item}" for name, item in value.items()) or "none"
    return None

"""Changes as one-line descriptions: `deepseek-r1 at together: output 7.00 → 2.19 (−69 %)`."""

from __future__ import annotations

import datetime as dt
import json
import math
import uuid
from collections.abc import Callable
from typing import Any

from llm_stats.table import Table
from llm_stats.text import format_number, format_offer, format_usd, with_number
from llm_stats.warehouse.reader import Reader

#: Changes without a percentage are sorted as changes of 100 %. Examples: a new listing, a changed
#: status, a price that was 0 before.
_UNMEASURED_PCT = 100.0
_PRICES = {"input ": "input_usd_per_mtok", "output ": "output_usd_per_mtok"}
_SCORES = {"": "score", "maximum ": "max_score", "normalized ": "normalized_score"}


#: Joins and conditions that select the changes of one load, by view; `?` is the load id.
_OF_LOAD = {
    "price_changes": """
        inner join history.models as models
            on changes.model_id = models.model_id
            and changes.changed_at = models.offers_last_seen_at
        where models.offers_load_id = ?
    """,
    "score_changes": """
        inner join history.models as models
            on changes.model_id = models.model_id
            and changes.changed_at = models.scores_last_seen_at
        where models.scores_load_id = ?
    """,
    "model_changes": """
        inner join history.listings as listings
            on changes.model_id = listings.model_id
            and changes.changed_at = listings.valid_from
        where listings.load_id = ? and changes.kind <> 'listed' -- see `new_models`
    """,
}
_SINCE = dict.fromkeys(_OF_LOAD, "where changes.changed_at >= ?")

#: Namespace of the change ids: a random constant.
_ID_NAMESPACE = uuid.UUID("7dbb652f-a1c7-41bd-8eb3-67528395d524")

#: Descriptions of periods in `history.listings`, by `is_listed` and `reason`.
_LISTINGS = {
    (False, "catalog"): "left the catalog",
    (False, "404"): "not found on two days in a row",
    (True, "catalog"): "back in the catalog",
    (True, "200"): "found again",
}


def since(reader: Reader, start: dt.datetime) -> Table:
    """Return the changes since a time (UTC), largest first.

    Columns: `changed_at, model_id, counterpart_id, kind, change, size_pct, change_id`.
    `counterpart_id` is the provider or the benchmark, or null for a change of the catalog.
    `size_pct` is the largest percentage among the changed values, without sign: 69 if a price fell
    by 69 %. An added, withdrawn or verified score has the `size_pct` 0. Other changes without a
    percentage, such as a new listing, have null. `change_id` is a UUID made from the key of the
    row in the mart.
    """
    return _describe_changes(reader, _SINCE, start)


def of_load(reader: Reader, load_id: str) -> Table:
    """Return the changes of one load, largest first; the columns are those of `since`."""
    return _describe_changes(reader, _OF_LOAD, load_id)


def is_small(change: dict[str, Any], min_change_pct: float) -> bool:
    """Return whether a row of `since` is a price change of at most `min_change_pct` percent."""
    size_pct = change["size_pct"]  # None if the change has no size in percent
    return (
        change["kind"] == "price_changed"
        and size_pct is not None
        and round(size_pct, 6) <= min_change_pct
    )


def describe_listing(is_listed: bool, reason: str, *, is_first: bool = False) -> str:
    """Return what happened at the start of a period in `history.listings`.

    `is_first` is set for the first period of the model.
    """
    return "listed in the catalog" if is_listed and is_first else _LISTINGS[is_listed, reason]


def new_models(reader: Reader, load_id: str) -> list[str]:
    """Return the ids of the models that one load added. `of_load` omits these models."""
    query = """
        select model_id from history.models
        where offers_load_id = ? and offers_last_seen_at = offers_first_seen_at
        order by model_id
    """
    return [model_id for (model_id,) in reader.query(query, [load_id]).rows]


def _describe_changes(reader: Reader, clauses: dict[str, str], parameter: object) -> Table:
    """Return the selected changes with descriptions, largest first.

    `clauses` maps each view to an SQL filter. `parameter` is the value of the `?` in the filter.
    """

    def select(view: str) -> list[dict[str, Any]]:
        query = f"select changes.* from marts.{view} as changes {clauses[view]}"
        return reader.query(query, [parameter]).to_dicts()

    rows: list[tuple[Any, ...]] = []
    for view, counterpart, preposition, describe, measure in (
        ("price_changes", "provider_id", "at", _describe_price_change, _price_change_pct),
        ("score_changes", "benchmark_id", "on", _describe_score_change, _score_change_pct),
    ):
        for change in select(view):
            number = change.get("offer_number") or change.get("score_number") or 1
            subject = (
                f"{change['model_id']} {preposition} {with_number(change[counterpart], number)}"
            )
            description = f"{subject}: {describe(change)}"
            item_id = change.get("upstream_benchmark_id", change[counterpart])
            change_id = _make_id(view, change, item_id, number)
            keys = (change["changed_at"], change["model_id"], change[counterpart], change["kind"])
            rows.append((*keys, description, measure(change), change_id))
    for change in select("model_changes"):
        model_id, kind = change["model_id"], change["kind"]
        listing = (
            "new in the catalog"
            if kind == "listed"
            else describe_listing(kind == "relisted", change["reason"])
        )
        keys = (change["changed_at"], model_id, None, kind)
        change_id = _make_id("model_changes", change)
        rows.append((*keys, f"{model_id}: {listing}", None, change_id))
    rows.sort(key=lambda row: (-(_UNMEASURED_PCT if row[5] is None else row[5]), row[0], row[4]))
    columns = (
        "changed_at",
        "model_id",
        "counterpart_id",
        "kind",
        "change",
        "size_pct",
        "change_id",
    )
    return Table(columns, ("TIMESTAMP", *["VARCHAR"] * 4, "DOUBLE", "VARCHAR"), rows)


def _make_id(view: str, change: dict[str, Any], *item: object) -> str:
    """Return the id of a change: a UUID made from its key."""
    changed_at = change["changed_at"].isoformat(timespec="microseconds")
    key = [view, change["model_id"], *item, changed_at, change["kind"]]
    return str(uuid.uuid5(_ID_NAMESPACE, json.dumps(key)))


def _price_change_pct(change: dict[str, Any]) -> float | None:
    return _largest_pct(change, _PRICES) if change["kind"] == "price_changed" else None


def _score_change_pct(change: dict[str, Any]) -> float | None:
    return _largest_pct(change, _SCORES) if change["kind"] == "corrected" else 0.0


def _largest_pct(change: dict[str, Any], fields: dict[str, str]) -> float | None:
    sizes = [_pct(old, new) for _, old, new in _changed_fields(change, fields)]
    measured = [abs(size) for size in sizes if size is not None]
    return max(measured) if len(measured) == len(sizes) else None


def _changed_fields(
    change: dict[str, Any], fields: dict[str, str]
) -> list[tuple[str, float | None, float | None]]:
    """Return label, old value and new value of the fields that differ."""
    pairs = [
        (label, change[f"old_{field}"], change[f"new_{field}"]) for label, field in fields.items()
    ]
    return [(label, old, new) for label, old, new in pairs if old != new]


def _describe_price_change(change: dict[str, Any]) -> str:
    kind = change["kind"]
    if kind == "listed":
        new = format_offer(change["new_input_usd_per_mtok"], change["new_output_usd_per_mtok"])
        return f"listed, {new}"
    if kind == "delisted":
        old = format_offer(change["old_input_usd_per_mtok"], change["old_output_usd_per_mtok"])
        return f"delisted, was {old}"
    if kind == "status_changed":
        return f"{change['old_status']} → {change['new_status']}"
    return ", ".join(_format_moves(change, _PRICES, format_usd)) + (
        ", back to before" if change["is_reversal"] else ""
    )


def _describe_score_change(change: dict[str, Any]) -> str:
    if change["kind"] != "corrected":
        score = change["old_score"] if change["kind"] == "withdrawn" else change["new_score"]
        return f"{_format_score(score)} {change['kind']}"
    return ", ".join(_format_moves(change, _SCORES, _format_score))


def _format_moves(
    change: dict[str, Any], fields: dict[str, str], format_value: Callable[[float | None], str]
) -> list[str]:
    """Return parts such as `output 7.00 → 2.19 (−69 %)`.

    Values that would look equal when rounded get all digits.
    """
    parts = []
    for label, old, new in _changed_fields(change, fields):
        before, after = format_value(old), format_value(new)
        if before == after:
            before, after = repr(old), repr(new)
        parts.append(f"{label}{before} → {after}{_format_pct(old, new)}")
    return parts


def _format_score(value: float | None) -> str:
    return "unknown" if value is None else format_number(value)


def _pct(old: float | None, new: float | None) -> float | None:
    """Return the change in percent of the old value; None if it cannot be computed.

    For example, there is no percentage if the old value is 0.
    """
    pct = 100 * (new - old) / abs(old) if old and new is not None else None
    return pct if pct is not None and math.isfinite(pct) else None


def _format_pct(old: float | None, new: float | None) -> str:
    """Return ` (−69 %)` or ` (+0.3 %)`; empty if the percentage is undefined or rounds to 0."""
    pct = _pct(old, new)
    if pct is None or round(pct, 1) == 0:
        return ""
    return f" ({pct:+.{0 if abs(pct) >= 1 else 1}f} %)".replace("-", "−")

"""What changed, in words a person reads: `deepseek-r1 at together: output 7.00 → 2.19 (−69 %)`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from llm_stats.errors import UsageError
from llm_stats.output import number
from llm_stats.reader import Reader, Table
from llm_stats.settings import duration

#: A change without a percentage (listed, status, to or from free) weighs as much as a price that doubles.
_UNMEASURED_PCT = 100.0


def since(reader: Reader, moment: dt.datetime) -> Table:
    """The changes found since a moment (UTC), biggest first: `changed_at, model_id, counterpart_id, kind, change, size_pct`."""
    return _told(reader, "where changes.changed_at >= ?", moment)


def of_load(reader: Reader, load_id: str) -> Table:
    """The changes that one load found, biggest first; columns as in `since`."""
    latest = "inner join staging.models on changes.model_id = models.model_id and changes.changed_at = models.fetched_at"
    return _told(reader, f"{latest} where models.load_id = ?", load_id)


def parse_since(text: str, now: dt.datetime) -> dt.datetime:
    """`7d`, `36h`, `2026-11-01` or `2026-11-01T12:00` (UTC) as a moment. Raises `UsageError`."""
    try:
        try:
            moment = now - duration(text)
        except ValueError:
            moment = dt.datetime.fromisoformat(text)
        return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise UsageError(f"--since {text}: before all dates; take one such as 2026-11-01") from None
    except ValueError:
        raise UsageError(f"--since {text}: neither a time span such as 7d or 36h, nor a date such as 2026-11-01") from None


def new_models(reader: Reader, load_id: str) -> list[str]:
    """The models that one load brought and that were not there before: they are no changes, for there is nothing to compare them with."""
    query = """
        select models.model_id from staging.models inner join history.models as known on models.model_id = known.model_id
        where models.load_id = ? and models.fetched_at = known.first_fetched_at
        order by models.model_id
    """
    return [model_id for (model_id,) in reader.query(query, [load_id]).rows]


def _told(reader: Reader, which: str, parameter: object) -> Table:
    """The changes that a clause selects, told and sorted."""
    rows = []
    for view, counterpart, place, tell, size in (
        ("price_changes", "provider_id", "at", _price, _price_size),
        ("score_changes", "benchmark_id", "on", _score, _score_size),
    ):
        found = reader.query(f"select changes.* from marts.{view} as changes {which}", [parameter])
        for change in (dict(zip(found.columns, row, strict=True)) for row in found.rows):
            number_ = change.get("offer_no") or change.get("score_no") or 1
            who = f"{change['model_id']} {place} {numbered(change[counterpart], number_)}"
            rows.append(
                (change["changed_at"], change["model_id"], change[counterpart], change["kind"], f"{who}: {tell(change)}", size(change))
            )
    rows.sort(key=lambda row: (-row[5], row[0], row[4]))
    columns = ("changed_at", "model_id", "counterpart_id", "kind", "change", "size_pct")
    return Table(columns, ("TIMESTAMP", *["VARCHAR"] * 4, "DOUBLE"), rows)


def _price_size(change: dict[str, Any]) -> float:
    sizes = [abs(pct) for side in ("input", "output") if (pct := change[f"{side}_change_pct"]) is not None]
    return max(sizes, default=_UNMEASURED_PCT)


def _score_size(change: dict[str, Any]) -> float:
    old, new = change["old_score"], change["new_score"]
    return abs(100 * (new / old - 1)) if old and new is not None else 0.0


def _price(change: dict[str, Any]) -> str:
    kind = change["kind"]
    if kind == "listed":
        return f"listed, {offer(change['new_input_usd_per_mtok'], change['new_output_usd_per_mtok'])}"
    if kind == "delisted":
        return f"delisted, was {offer(change['old_input_usd_per_mtok'], change['old_output_usd_per_mtok'])}"
    if kind == "status_changed":
        return f"{change['old_status']} → {change['new_status']}"
    parts = [
        f"{side} {usd(old)} → {usd(new)}{_percent(old, new)}"
        for side in ("input", "output")
        if (old := change[f"old_{side}_usd_per_mtok"]) != (new := change[f"new_{side}_usd_per_mtok"])
    ]
    return ", ".join(parts) + (", back to before" if change["is_reversal"] else "")


def _score(change: dict[str, Any]) -> str:
    if change["kind"] != "corrected":
        standing = change["old_score"] if change["kind"] == "withdrawn" else change["new_score"]
        return f"{_number(standing)} {change['kind']}"
    parts = [
        f"{name}{_number(old)} → {_number(new)}{_percent(old, new)}"
        for name, field in (("", "score"), ("maximum ", "max_score"), ("normalized ", "normalized_score"))
        if (old := change[f"old_{field}"]) != (new := change[f"new_{field}"])
    ]
    return ", ".join(parts)


def numbered(name: str, number_: int) -> str:
    """A provider or benchmark, told from its twins: `driftwood (no. 2)`."""
    return name if number_ == 1 else f"{name} (no. {number_})"


def offer(input_usd: float | None, output_usd: float | None) -> str:
    """An offer's two prices: `5.00 in, 25.00 out`."""
    return f"{usd(input_usd)} in, {usd(output_usd)} out"


def usd(price: float | None) -> str:
    """A price as people write it: `7.00`, `0.0575`; null is `unknown`, never 0."""
    if price is None:
        return "unknown"
    return f"{price:,.2f}" if price == round(price, 2) else number(price)


def _number(value: float | None) -> str:
    return "unknown" if value is None else number(value)


def _percent(old: float | None, new: float | None) -> str:
    """` (−69 %)`, or nothing where a percentage says nothing."""
    if not old or new is None:
        return ""
    return f" ({100 * (new / old - 1):+.0f} %)".replace("-", "−")

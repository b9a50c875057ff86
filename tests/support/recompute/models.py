"""`models`: the facts of each model."""

from __future__ import annotations

import datetime as dt

from support.recompute.records import FETCHED_AT, Listing, Records, Rows


def models(records: Records) -> Rows:
    def text_or_none(text: str | None) -> str | None:
        return text or None

    def utc(text: str | None) -> dt.datetime | None:
        return (
            dt.datetime.fromisoformat(text).astimezone(dt.UTC).replace(tzinfo=None)
            if text
            else None
        )

    return [
        {
            "model_id": record["id"],
            "model_name": record["name"],
            "model_description": text_or_none(record["description"]),
            "model_type": record["model_type"],
            "organization_id": record["organization"]["id"],
            "organization_name": record["organization"]["name"],
            "family_id": (record.get("family") or {}).get("id"),
            "family_name": (record.get("family") or {}).get("name"),
            "license_id": record["license"]["id"],
            "license_name": record["license"]["name"],
            "allow_commercial": record["license"]["allow_commercial"],
            "is_open_weight": record["open_weight"],
            "modalities": sorted(set(record["modalities"])) or None,
            "context_window_tokens": record.get("context_window"),
            "param_count": record.get("param_count"),
            "release_date": dt.date.fromisoformat(record["release_date"])
            if record.get("release_date")
            else None,
            "offer_count": len(record["providers"]),
            "benchmark_count": len({score["benchmark_id"] for score in record["scores"]})
            if Listing.of(record).has_record
            else None,
            "is_served_by_gateway": record["inference"]["available"],
            "supports_streaming": record["inference"].get("supports_streaming"),
            "supports_tools": record["inference"].get("supports_tools"),
            "supports_vision": record["inference"].get("supports_vision"),
            "upstream_url": text_or_none(record["url"]),
            "api_ref_url": text_or_none(record["sources"].get("api_ref")),
            "paper_url": text_or_none(record["sources"].get("paper")),
            "weights_url": text_or_none(record["sources"].get("weights")),
            "repo_url": text_or_none(record["sources"].get("repo")),
            "upstream_created_at": utc(record["created_at"]),
            "upstream_updated_at": utc(record["updated_at"]),
            "fetched_at": FETCHED_AT if Listing.of(record).has_record else None,
            "is_listed": Listing.of(record).is_listed,
            "listed_at": FETCHED_AT if Listing.of(record).is_listed else None,
            "unlisted_since": FETCHED_AT if Listing.of(record).is_listed is False else None,
        }
        for record in records
    ]

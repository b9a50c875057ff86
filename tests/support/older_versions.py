"""Warehouses of older schema versions, made from current ones by undoing migrations."""

from __future__ import annotations

from collections.abc import Callable

from llm_stats.schema.tables import CATALOG_TABLES

#: Statements that undo each `sql/migrations/<n>.sql`, newest first. They require that all views
#: are already dropped.
_UNDO = {
    7: (
        "alter table raw.models drop column etag",
        "alter table raw.models drop column last_modified",
        "alter table raw.fetches drop column summary_hash",
        "update history.schema_version set version = 6",
    ),
    6: (
        *(
            f"alter table raw.{table} drop column unreadable"
            for table in ("models", "models__scores", "catalog_models")
        ),
        *(
            f"alter table raw.{table} alter column {column} set not null"
            for table, column in (
                ("models", "created_at"),
                ("models", "updated_at"),
                ("catalog_models", "created_at"),
                ("catalog_models", "updated_at"),
                ("models__scores", "scored_at"),
            )
        ),
        "update history.schema_version set version = 5",
    ),
    5: (
        "alter table raw.models drop column summary_hash",
        "alter table raw.fetches drop column is_listed",
        *(f"drop table raw.{table}" for table in CATALOG_TABLES),
        "drop table history.listings",
        "delete from history.row_counts where table_name like 'raw.catalog%' "
        "or table_name = 'history.listings'",
        "alter table history.models rename column offers_first_seen_at to first_fetched_at",
        "alter table history.models rename column offers_last_seen_at to last_fetched_at",
        "alter table history.models drop column offers_load_id",
        "alter table history.models drop column scores_first_seen_at",
        "alter table history.models drop column scores_last_seen_at",
        "alter table history.models drop column scores_load_id",
        "update history.schema_version set version = 4",
    ),
    4: (
        "alter table history.offers drop column row_hash",
        "alter table history.scores drop column row_hash",
        "alter table history.scores add column category varchar",
        "alter table raw.sql_fingerprint drop column engine_version",
        "update history.schema_version set version = 3",
    ),
    3: (
        "alter table history.offers rename column offer_number to offer_no",
        "alter table history.scores rename column score_number to score_no",
        "alter table history.row_counts rename to table_rows",
        "alter table history.schema_version rename to layout",
        "alter table raw.sql_fingerprint rename to defined_by",
        "update history.layout set version = 2",
    ),
}


def downgrade(execute: Callable[[str], object], version: int) -> None:
    """Drop the views, and change the tables to those of schema version `version`."""
    for schema in ("staging", "marts"):
        execute(f"drop schema {schema} cascade")
    for number, statements in _UNDO.items():
        if number > version:
            for statement in statements:
                execute(statement)

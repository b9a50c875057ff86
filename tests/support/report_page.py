"""Elements and data of a report page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any, cast

from llm_stats.report import page as page_module
from llm_stats.report.data import ReportData, collect
from llm_stats.warehouse.reader import Reader
from support.connection_reader import ConnectionReader
from support.raw_tables import RawTables

Rows = list[dict[str, Any]]


def rows(carried: dict[str, Any], name: str) -> Rows:
    """Return the rows of a table in the data of the page.

    The page stores repeated values in run-length encoding, and texts as indices into a list of
    strings. This function decodes both.
    """
    texts = carried["texts"]
    plain: dict[str, list[Any]] = {}
    for title, column in carried["tables"][name].items():
        runs = iter(column.get("runs", ()))
        values = column.get("values") or [
            value for value, count in zip(runs, runs, strict=True) for _ in range(count)
        ]
        is_text = column.get("is_text", False)
        plain[title] = [
            texts[value] if is_text and value is not None else value for value in values
        ]
    return [dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)]


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if (
            self.elements
            and self.elements[-1][0] == "script"
            and len(self.scripts) < sum(tag == "script" for tag, _ in self.elements)
        ):
            self.scripts.append(data)

    @property
    def carried(self) -> dict[str, Any]:
        carried: dict[str, Any] = json.loads(self.scripts[0])
        return carried


def page_of_tables(raw: RawTables) -> str:
    return page_module.page(cast(Reader, ConnectionReader(raw)))


def data_of_tables(raw: RawTables) -> ReportData:
    return collect(cast(Reader, ConnectionReader(raw)))

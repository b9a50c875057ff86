"""Files that a run writes after it has published: the report and the feed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from llm_stats.settings import Settings

# Every run loads this module. The methods import `page` and `feed` only if they are needed.


@dataclass(frozen=True)
class Outputs:
    """Paths of the report (HTML) and the feed (Atom); None: not written."""

    report: Path | None = None
    feed: Path | None = None

    def require_writable(self) -> None:
        """Raise `UsageError` if a file cannot be written, or exists and is of another kind."""
        if self.report:
            from llm_stats.report import page

            page.require_writable(self.report)
        if self.feed:
            from llm_stats.report import feed

            feed.require_writable(self.feed)

    def write(self, settings: Settings) -> Iterator[Path]:
        """Write the files from the published warehouse; yield the path of each.

        The report and the feed show the same snapshot. Raise `UsageError` if writing fails.
        """
        if not (self.report or self.feed):
            return
        from llm_stats import destinations

        with destinations.open_reader(settings) as reader:
            if self.report:
                from llm_stats.report import page

                page.write(reader, self.report)
                yield self.report
            if self.feed:
                from llm_stats.report import feed

                feed.write(reader, self.feed, settings.notify_min_change_pct)
                yield self.feed

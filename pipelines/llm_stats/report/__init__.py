"""Report: the published warehouse as one HTML page that loads nothing from the network.

`data` reads the marts with the queries under `queries/`. `page` puts the data into `page.html`,
with `page.css`, `charts.js` (Vega-Lite), `parts.js` (tables and choosers) and `page.js` (the
sections), and writes the file.
"""

from llm_stats.report.page import require_writable, write

__all__ = ["require_writable", "write"]

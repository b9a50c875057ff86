"""The report: the published warehouse as one HTML page that needs no server and no network.

`facts` reads what the page shows from the marts, by the files under `queries/`. `page` puts it into `page.html`, with `page.css`,
`charts.js` (the charts, in Vega-Lite) and `page.js` (tables and choosers), and writes the file.
"""

from llm_stats.report.page import require_place, write

__all__ = ["require_place", "write"]

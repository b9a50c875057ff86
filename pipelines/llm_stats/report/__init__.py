"""Report: the published warehouse as an HTML page, an Atom feed, or exported files.

`data` reads the marts with the queries under `queries/`. `page` puts the data into `page.html`,
with `page.css`, `charts.js` (Vega-Lite), `parts.js` (tables and choosers) and `page.js` (the
sections), and writes the file; the page loads nothing from the network. `feed` writes the changes,
`export` all tables. `outputs` writes the page and the feed after a run.
"""

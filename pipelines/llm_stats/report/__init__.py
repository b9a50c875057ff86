"""Report: the published warehouse as an HTML page, an Atom feed, or exported files.

`data` reads the marts with the queries under `queries/`, and `encoding` makes the data compact.
`page` writes the HTML page from the data and the files under `assets/`. `static` makes the tables
that need no JavaScript. `feed` writes the Atom feed, and `export` writes the exported files.
`outputs` writes the page and the feed after a run.
"""

"""Report: the published warehouse as an HTML page, an Atom feed, or exported files.

`data` reads the marts with the queries under `queries/`, and `encoding` makes the data compact.
`page` puts it into the template, styles and scripts under `assets/`, and writes the file; the page
loads nothing from the network. `static` makes the rows that need no JavaScript. `feed` writes the
changes, `export` all tables. `outputs` writes the page and the feed after a run.
"""

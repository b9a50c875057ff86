"""Loading with dlt: the source, one pipeline run into `incoming`, and the merge into `raw`."""

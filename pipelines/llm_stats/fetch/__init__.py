"""Fetching: the catalog, the records of many ids with one outcome per id, the response cache."""

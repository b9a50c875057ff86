"""Fetching: model records of many ids, with one outcome per id, and the response cache."""

"""One run, from model ids to the published warehouse, and how it is reported."""

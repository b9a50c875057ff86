"""One run: fetch, load, check, publish, and report the result."""

"""One run: plan, fetch, load, check, publish, and report the result."""

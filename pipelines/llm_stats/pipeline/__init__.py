"""One run: plan, fetch, load, check and publish."""

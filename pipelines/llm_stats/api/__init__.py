"""Requests to the LLM Stats API: rate limit, budget, quota, retries, and responses."""

"""HTTP requests to the LLM Stats API: rate limit, budget, retries, deadline, and responses."""

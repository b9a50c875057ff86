"""The LLM Stats API: fetching model records within rate limit, request budget and quota."""

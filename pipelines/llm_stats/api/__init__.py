"""Client of the LLM Stats API: fetches model records within rate limit, budget and quota."""

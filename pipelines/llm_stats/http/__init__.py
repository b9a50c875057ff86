"""HTTP sessions: the API key, a deadline for each response, redirects, and header values."""

"""The `llm-stats` command."""

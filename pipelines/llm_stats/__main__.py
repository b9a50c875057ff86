"""`python -m llm_stats` is the command `llm-stats`."""

from llm_stats.cli.main import main

main()

"""Entry point: `python -m llm_stats` runs the command `llm-stats`."""

from llm_stats.cli.main import main

main()

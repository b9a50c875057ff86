"""Receivers of the result of a run: terminal, summary file, JSON log, webhook."""

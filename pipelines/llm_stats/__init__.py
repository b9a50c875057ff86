"""The warehouse of LLM prices and benchmark scores."""

__version__ = "0.1.0"

"""The warehouse of LLM prices and benchmark scores."""

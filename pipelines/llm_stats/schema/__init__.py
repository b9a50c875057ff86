"""Records and summaries of models: their fields, the raw tables, and the Arrow encoding."""

"""Records and summaries of models: the contract, its raw tables, and their Arrow encoding."""

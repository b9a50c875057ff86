"""Model records: the contract, the raw tables derived from it, and their Arrow encoding."""

"""What a model record is: its contract, the raw tables that follow from it, and their Arrow encoding."""

"""Getting a model: where it comes from, and the one form in which every stage loads it."""

"""What is asked and taught: a model in memory, and how it attends over a prefix tree."""

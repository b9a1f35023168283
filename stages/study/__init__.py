"""What is asked and how it is read: properties, prompts, splits, arms, truth. Pure: no files."""

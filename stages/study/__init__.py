"""What the study is: tasks, properties, prompts, splits. Pure: no files, no models."""

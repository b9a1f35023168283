"""metrics/rows.parquet: the score rows as git keeps them, so that versions are compared by row."""

"""What is taught: rows of the main study's datasets."""

from stages.storage.tables import Row, read_rows


def dataset_lessons(dataset: str, seed: int) -> list[Row]:
    """What a dataset teaches with one training seed, without what is held back to measure it."""
    path = f"data/datasets/{dataset}.parquet"
    return list(read_rows("datasets", path, seed=[None, seed], slice="train"))

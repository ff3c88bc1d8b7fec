"""The eight stages of the lineage as plain functions: read artifacts, call one verb, commit.

They know the store and the verbs of `data/`, `model/` and `serving/`, and nothing of Dagster;
`orchestration/assets.py` wraps each in an asset.
"""

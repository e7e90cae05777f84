"""Dagster's assets: thin steps that read a zone, call `transforms/`, and write the next zone. Counts as metadata, never text."""

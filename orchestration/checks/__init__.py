"""Dagster's asset checks: they call gates and block. Belongs here: what runs as a check. Does not: what a gate looks for."""

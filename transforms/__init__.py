"""Pure transforms: frames and records in, frames and records out.

Belongs here: everything that can be computed from its arguments and the dictionaries shipped beside it.
Does not: Dagster, dbt, Great Expectations, file paths, clocks, environment variables, logging. A lint holds it.
"""

"""Dagster, the zones on disk, and the doors (command line, publication, report).

Belongs here: everything that touches files, clocks, the environment or another program. It stays thin: what can be
computed from arguments alone is in `transforms/`. Import concrete modules; this package re-exports nothing.
"""

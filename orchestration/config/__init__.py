"""What a user edits in config/: read, checked, and given on as typed values.

Belongs here: the schemas of sources.yaml, watchlist.yaml, policy.yaml and actions.yaml, and errors that name file, line,
key and what is expected. Does not: environment variables (`settings`), acting on what is configured.
"""

from __future__ import annotations

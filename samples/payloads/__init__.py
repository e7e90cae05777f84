"""Posts in the shapes in which platforms and tools hand them out.

Each module has functions from drafts to the bytes of a file. The folder names are those that adapters know:
x_api_v2, bluesky, mastodon, youtube, google_business, qa, listening_exports.

Belongs here: keys, nesting, encodings, ids. Does not: who posts what (`samples.plan`), files on disk (`samples.generate`).
"""

from __future__ import annotations

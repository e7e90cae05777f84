"""From a platform's payload to canonical posts, without a file system, a clock or a name.

`read` is the door: bytes in, posts and quarantined records out, My Numbers stripped. Streaming: memory does not grow with
the file. Nothing of a user but the id, and whether the platform verified an organisation, is ever read.

Belongs here: payload shapes and the rules that all of them share.
Does not: opening, naming or moving files (`orchestration.intake`), storage.
"""

from __future__ import annotations

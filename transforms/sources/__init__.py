"""From a platform's payload to canonical posts, without a file system, a clock or a name.

`read` is the door: bytes in, posts and quarantined records out, My Numbers stripped. Streaming: memory does not grow with
the file. Nothing of a user but the id, and whether the platform verified an organisation, is ever read.

Belongs here: payload shapes and the rules that all of them share.
Does not: opening, naming or moving files (`orchestration.intake`), storage.
"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.posts import Post, Quarantined
from transforms.sources.adapter import NO_SIBLINGS, Siblings
from transforms.sources.mapped import ColumnMapping
from transforms.sources.my_number import strip_bytes, strip_text
from transforms.sources.reading import Reading
from transforms.sources.siblings import siblings_of
from transforms.sources.streams import is_safe_name

__all__ = ["NO_SIBLINGS", "ColumnMapping", "Reading", "Siblings", "is_safe_name", "read", "siblings_of"]


def read(reading: Reading) -> Iterator[Post | Quarantined]:
    """The records of a file, without My Numbers: what may be written.

    Args:
        reading: of one file; its attributes tell the line of the record given last, the shape and the repeats.

    Yields:
        Posts and events, and what was set aside with its reason, in the order of the file. Nothing is raised for bad
        bytes, whatever they are.
    """
    for record in reading:
        if isinstance(record, Quarantined):
            yield record._replace(raw=strip_bytes(record.raw)) if record.raw else record
            continue
        text = record[4]
        if text is not None:
            stripped = strip_text(text)
            if stripped is not text:
                yield record._replace(text=stripped)
                continue
        yield record

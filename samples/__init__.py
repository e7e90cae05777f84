"""Invented posts of every platform's shape, for a first run and for benchmarks.

`generate` writes them into folders by day of arrival, as collectors would leave them in landing. What a mart must find
in them is declared in `stories`.

Belongs here: texts, people, facilities, stories and payload shapes of invented posts.
Does not: the command line, where landing lies.
"""

from __future__ import annotations

from samples.generate import SampleSummary, generate

__all__ = ["SampleSummary", "generate"]

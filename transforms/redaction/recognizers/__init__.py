"""Recognizers of structured identifiers and quasi-identifiers, a module by kind, and the gate that picks which run.

Belongs here: patterns over one post's folded text, with their context words, validators, examples and near-misses.
Does not: names of persons (`transforms.redaction.names`), the choice between overlapping spans
(`transforms.redaction.merge`), what replaces a span (`transforms.redaction.operators`).
"""

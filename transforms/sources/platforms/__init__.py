"""The platforms, a module each. A module that has `ADAPTERS` is found by the registry; see docs/new_platform.md.

Belongs here: what only one platform or tool does.
Does not: reading lines, rules for all (`transforms.sources`).
"""

"""Measuring: gold posts, the scorers, and the command that prints both tables.

Belongs here: what reads `gold/` and compares. Does not: anything that trains; gold posts never do.
"""

"""Statistics of the marts: signals, effects of measures, disproportionality, intervals. Numbers in, numbers out.

Belongs here: formulas with their sources and thresholds. Does not: where series come from, what is published of them.
"""

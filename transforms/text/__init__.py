"""Text before meaning: folding with offsets, and the one token pass that redaction and classification share."""

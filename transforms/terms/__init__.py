"""Words that rise and fall: medicines, procedures, illnesses, technologies, and other nouns."""

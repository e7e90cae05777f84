"""Finding and replacing what identifies a person, and the independent scanner that checks the result."""

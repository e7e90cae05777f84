"""The web page over the published marts. It reads `published/` and nothing else: it imports no other room of the house."""

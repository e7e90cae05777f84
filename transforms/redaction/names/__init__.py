"""Personal names: `finder.NameFinder` and what it is made of."""

"""How a planned program becomes a straight line of calls on numpy."""

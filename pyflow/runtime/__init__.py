"""From `Session.run` to arithmetic: what a run needs of the graph is pruned, optimised, planned and lowered."""

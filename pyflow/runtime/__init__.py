"""From `Session.run` to arithmetic: pruning, optimising, planning and lowering of the part of a graph that a run needs."""

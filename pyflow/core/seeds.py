"""Graph-level and op-level random seeds, combined as TensorFlow combines them."""

from __future__ import annotations

from pyflow.core.api import export
from pyflow.core.scopes import get_default_graph

DEFAULT_GRAPH_SEED = 87654321
_LARGEST_SEED = 2**31 - 1


@export("get_seed", "random.get_seed")
def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The two seeds of a random op, or (None, None) for one that shall differ from run to run.

    With a graph seed only, the op seed is the number of nodes that TensorFlow would have made so far: the same in every
    run of the program.
    """
    graph = get_default_graph()
    if graph.seed is not None:
        seeds = graph.seed % _LARGEST_SEED, (graph._node_count.value if op_seed is None else op_seed) % _LARGEST_SEED
    elif op_seed is not None:
        seeds = DEFAULT_GRAPH_SEED, op_seed % _LARGEST_SEED
    else:
        return None, None
    # Kernels read (0, 0) as "no seed given", so that pair is passed as another one.
    return (0, _LARGEST_SEED) if seeds == (0, 0) else seeds


@export("set_random_seed", "random.set_random_seed")
def set_random_seed(seed: int) -> None:
    """Sets the default graph's seed."""
    get_default_graph().seed = seed

"""Elements of several datasets by turns, in a given or a random order."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.type_specs import TensorSpec
from pyflow.data import nest, structure
from pyflow.data.functions import TracedFunction
from pyflow.data.random_source import RandomDataset
from pyflow.data.sources import Sources, made
from pyflow.data.transformations import Transformations, int64, to_datasets
from pyflow.ops.array import expand_dims, squeeze


@export("data.experimental.parallel_interleave", "contrib.data.parallel_interleave")
def parallel_interleave(
    map_func: Callable,
    cycle_length: Any,
    block_length: Any = 1,
    sloppy: Any = False,
    buffer_output_elements: Any = None,
    prefetch_input_elements: Any = None,
) -> Callable:
    """To be applied: as `Dataset.interleave`, with elements that threads make ready.

    Args:
      sloppy: whether the order may depend on what is ready first; here it never does.
      buffer_output_elements: how many elements of each dataset are made ready.
      prefetch_input_elements: has no effect.

    Raises:
      TypeError: when applied, if the function makes no datasets.
    """

    def apply(dataset: Any) -> Any:
        function, spec = to_datasets(map_func, "tf.data.experimental.parallel_interleave()", dataset.element_spec)
        block = 1 if block_length is None else block_length
        ready = 2 * block if buffer_output_elements is None else buffer_output_elements
        inputs = 2 * cycle_length if prefetch_input_elements is None else prefetch_input_elements
        tensor = raw.ParallelInterleaveDataset(
            dataset._variant_tensor,
            function.captured,
            int64(cycle_length, "cycle_length"),
            int64(block, "block_length"),
            convert_to_tensor(sloppy, dtype=dtypes.bool, name="sloppy"),
            int64(ready, "buffer_output_elements"),
            int64(inputs, "prefetch_input_elements"),
            f=function.attr,
            **structure.flat_structure(spec),
        )
        return dataset._made(tensor, spec)

    return apply


@export("contrib.data.sloppy_interleave")
def sloppy_interleave(map_func: Callable, cycle_length: Any, block_length: Any = 1) -> Callable:
    """To be applied: `parallel_interleave` in whatever order; here in the same."""
    return parallel_interleave(map_func, cycle_length, block_length, sloppy=True)


def _directed(choices: Any, datasets: list) -> Any:
    first = datasets[0]
    types, classes = structure.legacy_types(first.element_spec), structure.legacy_classes(first.element_spec)
    shapes = nest.flatten(structure.legacy_shapes(first.element_spec))
    for dataset in datasets[1:]:
        spec = dataset.element_spec
        if structure.legacy_types(spec) != types or structure.legacy_classes(spec) != classes:
            raise TypeError("All datasets must have the same type and class.")
        others = nest.flatten(structure.legacy_shapes(spec))
        shapes = [a.most_specific_compatible_shape(b) for a, b in zip(shapes, others)]
    spec = structure.convert_legacy_structure(types, nest.pack_sequence_as(types, shapes), classes)
    tensors = [dataset._variant_tensor for dataset in datasets]
    tensor = raw.DirectedInterleaveDataset(choices._variant_tensor, tensors, **structure.flat_structure(spec))
    return made(tensor, spec, choices, *datasets)


@export("data.experimental.choose_from_datasets", "contrib.data.choose_from_datasets")
def choose_from_datasets(datasets: Any, choice_dataset: Any) -> Any:
    """Elements of the datasets that the numbers of another dataset name.

    Args:
      datasets: a list of datasets with elements of one structure.
      choice_dataset: of int64 numbers, which count the list from 0.

    Raises:
      TypeError: the datasets are not of one structure, or the numbers no numbers.
    """
    if not structure.are_compatible(choice_dataset.element_spec, TensorSpec([], dtypes.int64)):
        raise TypeError("`choice_dataset` must be a dataset of scalar `tf.int64` tensors.")
    return _directed(choice_dataset, list(datasets))


@export("data.experimental.sample_from_datasets", "contrib.data.sample_from_datasets")
def sample_from_datasets(datasets: Any, weights: Any = None, seed: Any = None) -> Any:
    """Elements of datasets that are drawn at random.

    Args:
      datasets: a list of datasets with elements of one structure.
      weights: the probability of each, by default equal ones; or a dataset of such lists, one for each draw.
      seed: a seed; see `tf.set_random_seed`.

    Raises:
      TypeError: the datasets are not of one structure, or the weights no floats.
      ValueError: there is not one weight for each.
    """
    count = len(datasets)
    if isinstance(weights, Transformations):

        def draw(logits: Any, seeds: Any) -> Any:
            return squeeze(raw.StatelessMultinomial(logits, 1, seeds), axis=[0, 1])

        logits = weights.map(lambda *p: raw.Log(convert_to_tensor(p), name="logits"))
        pairs = Sources.zip((logits, RandomDataset(seed).batch(2)))
        return _directed(_chosen(pairs, draw), list(datasets))
    if weights is None:
        logits: Any = [[1.0] * count]
    else:
        weights = convert_to_tensor(weights, name="weights")
        if weights.dtype not in (dtypes.float32, dtypes.float64):
            raise TypeError("`weights` must be convertible to a tensor of `tf.float32` or `tf.float64` elements.")
        if not weights.shape.is_compatible_with([count]):
            raise ValueError("`weights` must be a vector of length `len(datasets)`.")
        logits = expand_dims(raw.Log(weights, name="logits"), 0)
    if count == 1:
        return datasets[0]

    def select_dataset_constant_logits(seeds: Any) -> Any:
        return squeeze(raw.StatelessMultinomial(logits, 1, seeds), axis=[0, 1])

    return _directed(_chosen(RandomDataset(seed).batch(2), select_dataset_constant_logits), list(datasets))


def _chosen(dataset: Any, draw: Callable) -> Any:
    function = TracedFunction(draw, "Dataset.map()", dataset.element_spec)
    spec = function.output_structure
    attrs = structure.flat_structure(spec)
    tensor = raw.MapDataset(
        dataset._variant_tensor, function.captured, f=function.attr, use_inter_op_parallelism=False, **attrs
    )
    return dataset._made(tensor, spec)

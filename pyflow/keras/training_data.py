"""Data for models: checked arrays in the order of inputs and outputs, weights of examples, batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.sparse_tensor import SparseTensorValue
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims as tf_expand_dims


def as_list(data: Any, names: list[str], what: str) -> list:
    """Arrays (or tensors) in the order of names, from a dict, a list or one of them.

    Raises:
      ValueError: there is a wrong number of them, or none of a name.
    """
    if not names:
        if (
            data is not None
            and len(data if hasattr(data, "__len__") else [data])
            and not isinstance(data, (int, float))
        ):
            raise ValueError(f"Error when checking model {what}: expected no data, but got:", data)
        return []
    if data is None:
        return [None] * len(names)
    if isinstance(data, dict):
        for name in names:
            if name not in data:
                raise ValueError(f'No data provided for "{name}". Need data for each key in: {names}')
        return [data[name] for name in names]
    if isinstance(data, (list, tuple)):
        if len(names) == 1 and data and isinstance(data[0], (int, float, np.number)):
            return [np.asarray(data)]
        if len(names) == 1 and len(data) > 1 and all(isinstance(d, (list, tuple)) for d in data):
            return [np.asarray(data)]
        if len(data) != len(names):
            if data and hasattr(data[0], "shape"):
                raise ValueError(
                    f"Error when checking model {what}: the list of Numpy arrays that you are passing to your model is "
                    f"not the size the model expected. Expected to see {len(names)} array(s), but instead got the "
                    f"following list of {len(data)} arrays: {str(list(data))[:200]}..."
                )
            if len(names) > 1:
                raise ValueError(
                    f"Error when checking model {what}: you are passing a list as input to your model, but the model "
                    f"expects a list of {len(names)} Numpy arrays instead. The list you passed was: {str(data)[:200]}"
                )
            return [np.asarray(data)]
        return list(data)
    if len(names) > 1:
        raise ValueError(
            f"The model expects {len(names)} {what} arrays, but only received one array. Found: array with shape "
            f"{np.shape(data)}"
        )
    return [data]


def standardized(data: Any, names: list[str], shapes: Any, what: str, check_batch: bool = False) -> list:
    """Arrays in the order of names, of which vectors have become columns, checked against shapes.

    Raises:
      ValueError: an array has another shape.
    """
    arrays = [_array(x) for x in as_list(data, names, what)]
    for i, (name, x) in enumerate(zip(names, arrays)):
        shape = shapes[i] if shapes else None
        if x is not None and len(x.shape) == 1 and (shape is None or len(shape) != 1):
            x = arrays[i] = tf_expand_dims(x, -1) if isinstance(x, Tensor) else np.expand_dims(x, -1)
        if shape is None or x is None or isinstance(x, SparseTensorValue):
            continue
        own = tuple(x.shape.as_list()) if isinstance(x, Tensor) else tuple(x.shape)
        if len(own) != len(shape):
            raise ValueError(
                f"Error when checking {what}: expected {name} to have {len(shape)} dimensions, but got array with "
                f"shape {own}"
            )
        for size, wanted in list(zip(own, shape))[0 if check_batch else 1 :]:
            if wanted is not None and size is not None and size != wanted:
                raise ValueError(
                    f"Error when checking {what}: expected {name} to have shape {tuple(shape[1:])} but got array with "
                    f"shape {own[1:]}"
                )
    return arrays


def _array(x: Any) -> Any:
    if x is None or isinstance(x, (Tensor, SparseTensorValue)) or hasattr(x, "shape") and hasattr(x, "dtype"):
        return getattr(x, "values", x) if type(x).__module__.startswith("pandas") else x
    return np.asarray(x)


def check_lengths(inputs: list, targets: list, weights: list) -> None:
    """Raises ValueError where arrays have different numbers of examples."""

    def lengths(arrays: list) -> list[int]:
        return sorted({x.shape[0] for x in arrays if isinstance(x, np.ndarray)})

    of_x, of_y, of_w = lengths(inputs), lengths(targets), lengths(weights)
    for found, kind in ((of_x, "input arrays (x)"), (of_y, "target arrays (y)")):
        if len(found) > 1:
            shapes = [x.shape for x in (inputs if found is of_x else targets)]
            raise ValueError(f"All {kind} should have the same number of samples. Got array shapes: {shapes}")
    if len(of_w) > 1:
        raise ValueError(
            "All sample_weight arrays should have the same number of samples. Got array shapes: "
            f"{[w.shape for w in weights]}"
        )
    if of_x and of_y and of_x != of_y:
        raise ValueError(
            f"Input arrays should have the same number of samples as target arrays. Found {of_x[0]} input samples and "
            f"{of_y[0]} target samples."
        )
    if of_y and of_w and of_y != of_w:
        raise ValueError(
            f"Sample_weight arrays should have the same number of samples as target arrays. Found {of_w[0]} input "
            f"samples and {of_y[0]} target samples."
        )


def example_weights(y: Any, sample_weight: Any, class_weight: Any, mode: Any) -> Any:
    """The weight of each example, from given ones and from those of classes; None without any.

    Raises:
      ValueError: they have a wrong rank, or a class has none.
    """
    if sample_weight is not None and not isinstance(sample_weight, Tensor):
        sample_weight = np.asarray(sample_weight)
        if mode is not None and mode != "temporal":
            raise ValueError(f'"sample_weight_mode should be None or "temporal". Found: {mode}')
        if len(sample_weight.shape) > len(y.shape):
            raise ValueError(
                f"Found a sample_weight with shape{sample_weight.shape}.Expected sample_weight with rank less than or "
                f"equal to {len(y.shape)}"
            )
        if y.shape[: sample_weight.ndim] != sample_weight.shape and not isinstance(y, Tensor):
            raise ValueError(
                f"Found a sample_weight array with shape {sample_weight.shape} for an input with shape {y.shape}. "
                "sample_weight cannot be broadcast."
            )
    if not isinstance(class_weight, dict):
        return sample_weight
    if len(y.shape) > 2:
        raise ValueError("`class_weight` not supported for 3+ dimensional targets.")
    classes = np.argmax(y, axis=1) if len(y.shape) == 2 and y.shape[1] > 1 else np.reshape(y, y.shape[0])
    missing = {int(c) for c in classes} - set(class_weight)
    if missing:
        raise ValueError(
            f"`class_weight` must contain all classes in the data. The classes {missing} exist in the data but not in "
            "`class_weight`."
        )
    of_classes = np.asarray([class_weight[int(c)] for c in classes])
    return of_classes if sample_weight is None else of_classes * sample_weight


def weights_per_output(given: Any, names: list[str], kind: str) -> list:
    """A weight array (or dict of classes) for each output.

    Raises:
      ValueError: there is a wrong number of them.
      TypeError: they are neither list nor dict.
    """
    if given is None or isinstance(given, (list, tuple)) and not given:
        return [None] * len(names)
    if len(names) == 1:
        if isinstance(given, (list, tuple)) and len(given) == 1:
            return list(given)
        if isinstance(given, dict) and names[0] in given:
            return [given[names[0]]]
        return [given]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(
                f"Provided `{kind}` was a list of {len(given)} elements, but the model has {len(names)} outputs. You "
                f"should provide one `{kind}`array per model output."
            )
        return list(given)
    if isinstance(given, dict):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(
                f"Unknown entries in {kind} dictionary: {sorted(unknown)}. Only expected following keys: {names}"
            )
        return [given.get(name) for name in names]
    raise TypeError(
        f"The model has multiple outputs, so `{kind}` should be either a list or a dict. Provided `{kind}` type not "
        f"understood: {given}"
    )


def sliced(arrays: list, where: Any) -> list:
    """The examples at places (or of a slice) of each array; what is None stays."""
    return [None if x is None else x if isinstance(x, SparseTensorValue) else x[where] for x in arrays]


def shuffled_in_batches(indices: np.ndarray, batch_size: int) -> np.ndarray:
    """Places of examples, batch by batch in another order."""
    count = len(indices) // batch_size
    batches = indices[: count * batch_size].reshape(count, batch_size)
    np.random.shuffle(batches)
    return np.append(batches.flatten(), indices[count * batch_size :])

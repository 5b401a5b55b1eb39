"""What input functions may return: a dataset, features, or features and labels."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection
from pyflow.core.tensor import Tensor
from pyflow.data.dataset import DatasetV2, make_initializable_iterator
from pyflow.train.session_run_hook import SessionRunHook


def parse_input_fn_result(result: Any) -> tuple[Any, Any, list[SessionRunHook]]:
    """Features, labels or None, and hooks that initialise the input.

    Raises:
      ValueError: it is a tuple of another length than 2.
    """
    hooks: list[SessionRunHook] = []
    if isinstance(result, DatasetV2):
        iterator = make_initializable_iterator(result)
        hooks.append(_DatasetInitializerHook(iterator))
        result = iterator.get_next()
    return *parse_iterator_result(result), hooks


def parse_iterator_result(result: Any) -> tuple[Any, Any]:
    """Features, and labels or None."""
    if isinstance(result, (list, tuple)):
        if len(result) != 2:
            raise ValueError("input_fn should return (features, labels) as a len 2 tuple.")
        return result[0], result[1]
    return result, None


class _DatasetInitializerHook(SessionRunHook):
    """Initialises the iterator over a dataset in each new session."""

    def __init__(self, iterator: Any):
        self._iterator = iterator
        self._initializer: Any = None

    def begin(self) -> None:
        self._initializer = self._iterator.initializer

    def after_create_session(self, session: Any, coord: Any) -> None:
        session.run(self._initializer)


def has_dataset_or_queue_runner(features: Any) -> bool:
    """Whether features come from something that comes to an end."""
    tensors = [each for each in nest.flatten(features) if isinstance(each, Tensor)]
    return any(each.op.type == "IteratorGetNext" for each in tensors) or bool(get_collection(GraphKeys.QUEUE_RUNNERS))

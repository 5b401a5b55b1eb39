"""Starting the training of a model from another model's checkpoint.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/warm_start
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection
from pyflow.ops.variable_base import Variable
from pyflow.platform import logging
from pyflow.train.checkpoint_reader import init_from_checkpoint
from pyflow.train.saveables import names_of


class _VocabInfo(NamedTuple):
    new_vocab: str
    new_vocab_size: int
    num_oov_buckets: int
    old_vocab: str
    old_vocab_size: int
    backup_initializer: Any
    axis: int


@export("train.VocabInfo", "estimator.VocabInfo")
class VocabInfo(_VocabInfo):
    """Which rows of a variable stand for which words, now and in the checkpoint.

    Args:
      new_vocab, old_vocab: files with a word a line.
      new_vocab_size, old_vocab_size: how many of the words are used; -1 for all old ones.
      num_oov_buckets: how many rows there are for other words.
      backup_initializer: makes the rows of new words; None for zeros.
      axis: 0 for rows, 1 for columns.

    Raises:
      ValueError: another axis.
    """

    __slots__ = ()

    def __new__(
        cls,
        new_vocab: str,
        new_vocab_size: int,
        num_oov_buckets: int,
        old_vocab: str,
        old_vocab_size: int = -1,
        backup_initializer: Any = None,
        axis: int = 0,
    ) -> VocabInfo:
        if axis not in (0, 1):
            raise ValueError(f"The only supported values for the axis argument are 0 and 1.  Provided axis: {axis}")
        return super().__new__(
            cls, new_vocab, new_vocab_size, num_oov_buckets, old_vocab, old_vocab_size, backup_initializer, axis
        )


@export("train.warm_start")
def warm_start(
    ckpt_to_initialize_from: str,
    vars_to_warm_start: Any = ".*",
    var_name_to_vocab_info: dict[str, VocabInfo] | None = None,
    var_name_to_prev_var_name: dict[str, str] | None = None,
) -> None:
    """Makes variables start with values from a checkpoint.

    Args:
      ckpt_to_initialize_from: the path of a checkpoint, or of a folder with checkpoints.
      vars_to_warm_start: a pattern for the names of trainable variables, a list of patterns for names of global ones,
        or a list of variables.
      var_name_to_prev_var_name: the names in the checkpoint of variables that had others.

    Raises:
      ValueError: something is missing in the checkpoint, or the names of variables are not used.
      NotImplementedError: variables have a vocabulary.
    """
    logging.info("Warm-starting from: %s", ckpt_to_initialize_from)
    if var_name_to_vocab_info:
        raise NotImplementedError("warm_start with var_name_to_vocab_info")
    grouped = _grouped(vars_to_warm_start)
    previous = var_name_to_prev_var_name or {}
    if vars_to_warm_start:
        variables = {previous.get(name) or name: v[0] if len(v) == 1 else v for name, v in grouped.items()}
        init_from_checkpoint(ckpt_to_initialize_from, variables)
        logging.info("Warm-started %d variables.", len(variables))
    unused = set(previous) - set(grouped) if vars_to_warm_start else set(previous)
    if unused:
        raise ValueError(
            "You provided the following variables in var_name_to_prev_var_name that were not used: "
            f"{unused}.  Perhaps you misspelled them?  Here is the list of viable variable names: {grouped.keys()}"
        )


def _grouped(wanted: Any) -> dict[str, list]:
    """Variables by their names; parts under the name of the whole."""
    if isinstance(wanted, str) or wanted is None:
        logging.info("Warm-starting variables only in TRAINABLE_VARIABLES.")
        found = get_collection(GraphKeys.TRAINABLE_VARIABLES, wanted)
    elif not isinstance(wanted, list):
        raise ValueError(f"`vars_to_warm_start must be a `list` or `str`.  Given type is {type(wanted)}")
    elif all(isinstance(each, str) for each in wanted):
        found = [v for pattern in wanted for v in get_collection(GraphKeys.GLOBAL_VARIABLES, pattern)]
    elif all(isinstance(each, Variable) for each in wanted):
        found = wanted
    else:
        raise ValueError(
            "If `vars_to_warm_start` is a list, it must be all `Variable` or all `str`.  Given types are "
            f"{[type(each) for each in wanted]}"
        )
    grouped: dict[str, list] = {}
    for variable in found:
        (name,) = names_of([variable])
        grouped.setdefault(name, []).append(variable)
    return grouped

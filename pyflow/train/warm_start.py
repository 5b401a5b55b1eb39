"""Starting the training of a model from another model's checkpoint.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/warm_start
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection
from pyflow.ops.state import assign
from pyflow.ops.variable_base import Variable
from pyflow.ops.variable_partitions import PartitionInfo
from pyflow.platform import logging
from pyflow.train.checkpoint_reader import _checkpoint_path, init_from_checkpoint
from pyflow.train.remapped_variables import _load_and_remap_matrix_initializer
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
      var_name_to_vocab_info: by which words rows of variables are found in the checkpoint.
      var_name_to_prev_var_name: the names in the checkpoint of variables that had others.

    Raises:
      ValueError: something is missing in the checkpoint, or the names of variables are not used.
    """
    logging.info("Warm-starting from: %s", ckpt_to_initialize_from)
    grouped = _grouped(vars_to_warm_start)
    previous, vocabularies = var_name_to_prev_var_name or {}, var_name_to_vocab_info or {}
    if vars_to_warm_start:
        variables = {}
        for name, parts in grouped.items():
            saved = previous.get(name) or name
            if name in vocabularies:
                _start_by_vocabulary(parts, vocabularies[name], _checkpoint_path(ckpt_to_initialize_from), saved)
            else:
                variables[saved] = parts[0] if len(parts) == 1 else parts
        init_from_checkpoint(ckpt_to_initialize_from, variables)
        logging.info("Warm-started %d variables.", len(grouped))
    for argument, given in (("var_name_to_prev_var_name", previous), ("var_name_to_vocab_info", vocabularies)):
        unused = set(given) - set(grouped) if vars_to_warm_start else set(given)
        if unused:
            raise ValueError(
                f"You provided the following variables in {argument} that were not used: "
                f"{unused}.  Perhaps you misspelled them?  Here is the list of viable variable names: {grouped.keys()}"
            )


def _start_by_vocabulary(parts: list, vocabulary: VocabInfo, path: str, saved: str) -> None:
    """Has the parts of a variable start with the rows (or columns) of their words in the checkpoint."""
    for part in parts:
        shape, place = part.get_shape().as_list(), None
        whole = part._save_slice_info
        if whole is not None:
            place = PartitionInfo(whole.full_shape, whole.var_offset)
        words: dict[str, Any] = {
            "new_row_vocab_size": vocabulary.new_vocab_size,
            "new_col_vocab_size": shape[1],
            "old_row_vocab_size": vocabulary.old_vocab_size,
            "old_row_vocab_file": vocabulary.old_vocab,
            "new_row_vocab_file": vocabulary.new_vocab,
            "num_row_oov_buckets": vocabulary.num_oov_buckets,
        }
        if vocabulary.axis == 1:
            words = {
                "new_row_vocab_size": shape[0],
                "new_col_vocab_size": vocabulary.new_vocab_size,
                "old_col_vocab_file": vocabulary.old_vocab,
                "new_col_vocab_file": vocabulary.new_vocab,
                "num_col_oov_buckets": vocabulary.num_oov_buckets,
            }
        initialize = _load_and_remap_matrix_initializer(
            path, saved, initializer=vocabulary.backup_initializer, **words
        )
        part._initializer_op = assign(part, initialize(shape, partition_info=place))


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

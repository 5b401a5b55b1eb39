"""`tf.estimator.WarmStartSettings`: which values of another model an estimator starts from."""

from __future__ import annotations

import os
from collections import namedtuple
from typing import Any

from pyflow.core.api import export
from pyflow.platform import compat, file_io, logging
from pyflow.train import saved_model_names as names

_FIELDS = (
    "ckpt_to_initialize_from",
    "vars_to_warm_start",
    "var_name_to_vocab_info",
    "var_name_to_prev_var_name",
)


@export("estimator.WarmStartSettings")
class WarmStartSettings(namedtuple("WarmStartSettings", _FIELDS)):
    """What `tf.train.warm_start` is called with, in the order of its arguments.

    Raises:
      ValueError: there is no checkpoint.
    """

    __slots__ = ()

    def __new__(
        cls,
        ckpt_to_initialize_from: Any,
        vars_to_warm_start: Any = ".*",
        var_name_to_vocab_info: Any = None,
        var_name_to_prev_var_name: Any = None,
    ) -> WarmStartSettings:
        if not ckpt_to_initialize_from:
            raise ValueError("`ckpt_to_initialize_from` MUST be set in WarmStartSettings")
        return super().__new__(
            cls,
            ckpt_to_initialize_from,
            vars_to_warm_start,
            var_name_to_vocab_info or {},
            var_name_to_prev_var_name or {},
        )


def get_default_warm_start_settings(warm_start_from: Any) -> WarmStartSettings | None:
    """Settings from the path of a checkpoint, of a folder with some, or of a SavedModel; settings stay what they are.

    Raises:
      ValueError: it is something else.
    """
    if warm_start_from is None or isinstance(warm_start_from, WarmStartSettings):
        return warm_start_from
    if not isinstance(warm_start_from, (str, bytes)):
        raise ValueError(
            f"warm_start_from must be a string or a WarmStartSettings, instead got {type(warm_start_from)}"
        )
    variables = os.path.join(compat.as_str(warm_start_from), names.VARIABLES_DIRECTORY, names.VARIABLES_FILENAME)
    if file_io.file_exists(variables + ".index"):
        logging.info("Warm-starting from a SavedModel")
        return WarmStartSettings(variables)
    return WarmStartSettings(warm_start_from)


_get_default_warm_start_settings = get_default_warm_start_settings

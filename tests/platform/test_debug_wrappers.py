"""tensorflow.python.debug can be imported; what needs a debugger says that there is none where it is used."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.internal_paths import places
from pyflow.platform import debug_wrappers

IMPORTED = ["LocalCLIDebugWrapperSession", "LocalCLIDebugHook", "TensorBoardDebugWrapperSession", "DebugDumpDir"]


@pytest.mark.parametrize("name", IMPORTED)
def test_debugging_sessions_name_themselves(name):
    with pytest.raises(NotImplementedError, match=f"tfdbg.{name}"):
        getattr(debug_wrappers, name)(tf.Session())


@pytest.mark.parametrize(
    "path", ["python.debug", "python.debug.wrappers.local_cli_wrapper", "python.debug.lib.debug_data"]
)
def test_module_is_found_by_its_tensorflow_path(path):
    assert places(path) == ["pyflow.platform.debug_wrappers"]


@pytest.mark.parametrize(
    "value, expected",
    [(np.array([1.0, np.nan]), True), (np.array([np.inf]), True), (np.array([1.0]), False), (np.array([1]), False)],
)
def test_numbers_that_are_not_finite(value, expected):
    assert debug_wrappers.has_inf_or_nan(None, value) is expected

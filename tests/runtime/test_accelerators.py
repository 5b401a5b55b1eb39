"""What stands in for numpy, where it is found."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu import wasm


def test_bias_and_relu_become_one_step_where_something_does_both(monkeypatch):
    def biased_relu(x: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:
        called.append(x.shape)
        np.maximum(x + bias, 0, out=out)

    called: list = []
    monkeypatch.setattr(primitives, "elementwise", {"Exp": lambda x, out: np.exp(x, out=out)})
    monkeypatch.setattr(primitives, "biased_relu", biased_relu)
    x, bias, state = tf.placeholder(tf.float32, [8, 10]), tf.Variable(tf.ones([10])), tf.Variable(tf.zeros([8, 10]))
    alone, plain, shared = x * 1.0 + bias, tf.nn.bias_add(x, bias), x + bias
    results = [tf.nn.relu(alone), tf.nn.relu(plain), tf.nn.relu(shared), shared, tf.nn.relu(bias + x), tf.exp(x)]
    given = np.linspace(-3, 3, 80, dtype=np.float32).reshape(8, 10)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        *relus, total, last, exponential = sess.run([*results, state.assign(tf.nn.relu(alone))], {x: given})[:-1]
    for found in (*relus, last):
        np.testing.assert_allclose(found, np.maximum(given + 1, 0), rtol=1e-6)
    np.testing.assert_allclose(total, given + 1, rtol=1e-6)
    np.testing.assert_allclose(exponential, np.exp(given), rtol=1e-6)
    assert len(called) == 2


def test_no_webassembly_natively_or_where_it_is_forbidden(monkeypatch):
    monkeypatch.setattr(os.path, "exists", lambda path: True)
    assert wasm.find() is None or wasm.sys.platform == "emscripten"
    monkeypatch.setattr(wasm.sys, "platform", "emscripten")
    monkeypatch.setenv("PYFLOW_WASM", "0")
    assert wasm.find() is None


def test_the_module_and_python_are_of_one_version():
    source = (Path(__file__).parents[2] / "web" / "wasm" / "assembly" / "index.ts").read_text()
    assert f"export const INTERFACE: i32 = {wasm.INTERFACE};" in source


@pytest.mark.parametrize(
    ("exports", "built"),
    [({}, "before there were versions"), ({"INTERFACE": SimpleNamespace(value=0)}, "for version 0")],
)
def test_a_module_of_another_version_is_told_and_not_used(exports, built):
    library = object.__new__(wasm.Library)
    library.exports = SimpleNamespace(**exports)
    told = f"kernels.wasm was built {built} .* `make wasm`"
    with pytest.warns(RuntimeWarning, match=told), pytest.raises(wasm.Unusable):
        library._check_version("/somewhere/kernels.wasm")

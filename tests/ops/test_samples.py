"""Every op on its own samples: what its kernel gives is what the op declares, and its gradient is the numeric one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import NOT_DIFFERENTIABLE, OPS, OpDef, Sample
from tests.central_differences import STEP, TOLERANCE, numeric_gradient, weights
from tests.op_samples import IDS, SAMPLES, flatten, input_arrays

FLOAT = np.dtype(np.float32)
DOUBLE = np.dtype(np.float64)
# The others depend on state or have nothing to try them on: their tests stand with what they belong to.
FUNCTIONS = sorted(
    op.name
    for op in OPS.values()
    if op.inputs and not (op.stateful or op.has_ref_input or op.calls)
    if not any(arg.dtype is tf.variant for arg in (*op.inputs, *op.outputs))
)


def build(op: OpDef, sample: Sample, arrays: list[Any], make_input: Any) -> tuple[list[Any], list[Any]]:
    """(input tensors, output tensors) of a node made from the sample."""
    inputs = [make_input(a) for a in flatten(arrays)]
    rest = iter(inputs)
    grouped = [[next(rest) for _ in a] if isinstance(a, list) else next(rest) for a in arrays]
    result = op(*grouped, **sample.attrs)
    if isinstance(result, tf.Operation):
        return inputs, []
    return inputs, flatten(list(result) if isinstance(result, (list, tuple)) else [result])


def select(wanted: Callable[[OpDef, Sample], Any]) -> dict[str, list]:
    """The samples that a test is about, as the arguments of `parametrize`."""
    chosen = [(pair, name) for pair, name in zip(SAMPLES, IDS) if wanted(*pair)]
    return {"argvalues": [pair for pair, _ in chosen], "ids": [name for _, name in chosen]}


def has_gradient(op: OpDef, sample: Sample) -> bool:
    real = any(a.dtype.kind == "f" for a in flatten(input_arrays(op, sample)))
    return real and sample.grad and op.grad is not None and op.grad is not NOT_DIFFERENTIABLE


def takes_double(op: OpDef) -> type:
    """The most precise dtype for all the floats that the op leaves open."""
    attrs = [op.attrs[arg.type_attr] for arg in op.inputs if arg.type_attr]
    fits = all(attr.allowed is None or tf.float32 not in attr.allowed or tf.float64 in attr.allowed for attr in attrs)
    return np.float64 if fits else np.float32


def unknown_placeholder(array: np.ndarray) -> Any:
    return tf.placeholder(tf.as_dtype(array.dtype) if array.dtype != object else tf.string)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_op_has_a_sample(name):
    assert OPS[name].samples


@pytest.mark.parametrize("op, sample", SAMPLES, ids=IDS)
def test_kernel_gives_what_the_op_declares(op, sample):
    arrays = input_arrays(op, sample)
    _, outputs = build(op, sample, arrays, tf.constant)
    with tf.Session() as sess:
        values = sess.run(outputs)
    for tensor, value in zip(outputs, values):
        array = np.asarray(value)
        declared = np.dtype(tensor.dtype.as_numpy_dtype)
        if tensor.dtype.is_quantized:
            declared = declared[0]  # fetched as the integers that they are stored in
        assert array.dtype == declared or tensor.dtype == tf.string
        assert tensor.shape.is_compatible_with(array.shape)


@pytest.mark.parametrize("op, sample", **select(lambda op, sample: not op.stateful))
def test_result_is_the_same_when_shapes_become_known_in_the_run(op, sample):
    arrays = input_arrays(op, sample)
    _, folded = build(op, sample, arrays, tf.constant)
    inputs, planned = build(op, sample, arrays, unknown_placeholder)
    with tf.Session() as sess:
        expected = sess.run(folded)
        values = sess.run(planned, dict(zip(inputs, flatten(arrays))))
        again = sess.run(planned, dict(zip(inputs, flatten(arrays))))
    for one, two, three in zip(expected, values, again):
        np.testing.assert_array_equal(two, one)
        np.testing.assert_array_equal(three, one)


@pytest.mark.parametrize("op, sample", **select(lambda op, sample: sample.reference is not None))
def test_kernel_agrees_with_the_reference(op, sample):
    arrays = input_arrays(op, sample)
    _, outputs = build(op, sample, arrays, tf.constant)
    precise = [a.astype(DOUBLE) if isinstance(a, np.ndarray) and a.dtype == FLOAT else a for a in arrays]
    expected = sample.reference(*precise)
    with tf.Session() as sess:
        values = sess.run(outputs)
    for value, wanted in zip(values, expected if isinstance(expected, (tuple, list)) else [expected]):
        np.testing.assert_allclose(value, wanted, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("op, sample", **select(has_gradient))
def test_gradient_is_the_numeric_one(op, sample):
    arrays = flatten(input_arrays(op, sample, takes_double(op)))
    grouped = input_arrays(op, sample, takes_double(op))
    inputs, outputs = build(op, sample, grouped, lambda array: tf.placeholder(tf.as_dtype(array.dtype), array.shape))
    outputs = [t for t in outputs if t.dtype.is_floating]
    sources = [t for t in inputs if t.dtype.is_floating]
    assert outputs and sources
    with tf.Session() as sess:
        feed = dict(zip(inputs, arrays))
        shapes = [value.shape for value in sess.run(outputs, feed)]
        total = tf.add_n([
            tf.reduce_sum(tf.cast(t, tf.float64) * weights(shape)) for t, shape in zip(outputs, shapes)
        ])
        gradients = tf.gradients(total, sources)
        assert any(g is not None for g in gradients)
        for source, gradient in zip(sources, gradients):
            if gradient is None:  # tests/interop sees to it that TensorFlow has none either
                continue
            value = sess.run(tf.convert_to_tensor(gradient), feed)
            precision = coarsest([source, *outputs])
            expected = numeric_gradient(
                lambda *values: sess.run(total, dict(zip(inputs, values))),
                arrays,
                inputs.index(source),
                STEP[precision],
            )
            np.testing.assert_allclose(value, expected, rtol=TOLERANCE[precision], atol=TOLERANCE[precision])


def coarsest(tensors: list[Any]) -> np.dtype:
    return np.dtype(max((t.dtype.as_numpy_dtype for t in tensors), key=lambda dtype: np.finfo(dtype).eps))

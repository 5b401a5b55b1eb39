"""Every op that both know gives what TensorFlow gives for its samples: values, static shapes, dtypes and gradients."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pyflow
from pyflow.core.dtypes import DType
from pyflow.core.graph_versions import REMOVED_OPS
from pyflow.core.registry import NOT_DIFFERENTIABLE, OpDef, Sample
from pyflow.protos.event_pb2 import Summary
from tests.op_samples import IDS, SAMPLES, flatten, input_arrays

# Where TensorFlow 2.21 is not what 1.15 was, or was wrong.
CHANGED = {
    "DecodeJSONExample-0": "numbers that came as JSON are not packed there; both forms say the same",
    "DepthwiseConv2dNative-2": "the gradients of dilated depthwise convolutions are wrong there",
    "NonMaxSuppressionV5-0": "2.21 lowers scores by another rule; 1.15.5 gives what PyFlow gives",
    "Round-1": "2.21's kernel gives zeros for integers; 1.15 gave them back",
    "UniqueV2-0": "the static shape of idx is TensorFlow's only where axis is empty",
    "UniqueWithCountsV2-0": "the static shape of idx is TensorFlow's only where axis is empty",
}
# They went with tf.contrib.
OF_CONTRIB = {
    *("BipartiteMatch", "GatherTree", "ImageConnectedComponents", "ImageProjectiveTransform"),
    *("Resampler", "ResamplerGrad", "SparseFeatureCross"),
}
# From TensorFlow since, or from the graphs that it makes.
REMOVED = {"AudioSummary", "CompareAndBitpack", "Conv3DBackpropFilter", "Conv3DBackpropInput"} | {
    *("MatrixExponential", "TopK", *OF_CONTRIB, *(op for op in REMOVED_OPS if op.startswith("Batch")))
}
# TensorFlow has it on GPUs only.
REMOVED |= {"MaxPoolGradGradWithArgmax"}
# What TensorFlow leaves as it finds it, whatever that is: behind the longest sequence of a batch.
UNDEFINED = {"BlockLSTM-1"}
PICTURES = {"EncodePng", "ImageSummary"}  # compared by their pixels: PNG leaves open how they are compressed
# Eigenvectors are known up to their sign, so of these ops the first output alone (the values) is compared.
VALUES_ONLY = {"Svd", "SelfAdjointEigV2"}
# What is behind the third output of these is for the gradient alone, and as the kernel has it (nothing, on CPUs).
NORMALIZATIONS = ("FusedBatchNorm", "FusedBatchNormGrad")
# Rounding of sums in another order, by the numpy name of the dtype; everything else has to be equal.
TOLERANCE = {"float16": 2e-3, "float32": 2e-5, "float64": 1e-12, "complex64": 2e-5, "complex128": 1e-12}


def as_tensorflow(value: Any, tf: Any) -> Any:
    """The value of an attr in TensorFlow's terms."""
    if isinstance(value, DType):
        return tf.as_dtype(value.name)
    if isinstance(value, list):
        return [as_tensorflow(item, tf) for item in value]
    return value


def default_attrs(op_type: str) -> dict[str, Any]:
    """The attrs of TensorFlow's op that its inputs do not settle and that have a default."""
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(op_type)
    settled = {name for arg in definition.input_arg for name in (arg.type_attr, arg.type_list_attr, arg.number_attr)}
    attrs = (attr for attr in definition.attr if attr.HasField("default_value") and attr.name not in settled)
    return {attr.name: attr_value(attr.default_value) for attr in attrs}


def attr_value(message: Any) -> Any:
    """What an AttrValue message holds."""
    kind = message.WhichOneof("value")
    if kind == "list":
        filled = [items for _, items in message.list.ListFields()]
        return list(filled[0]) if filled else []
    return getattr(message, kind)


def nest_like(tensors: list[Any], arrays: list[Any]) -> list[Any]:
    """Flat tensors, grouped as the arguments are."""
    tensors = iter(tensors)
    return [[next(tensors) for _ in a] if isinstance(a, list) else next(tensors) for a in arrays]


def run_here(op: OpDef, sample: Sample, with_gradient: bool) -> tuple[list, list, list]:
    """(outputs, gradients, static shapes) in PyFlow."""
    arrays = input_arrays(op, sample)
    inputs = [pyflow.constant(a) for a in flatten(arrays)]
    return evaluate(pyflow, op, op(*nest_like(inputs, arrays), **sample.attrs), inputs, with_gradient)


def run_there(op: OpDef, sample: Sample, with_gradient: bool, tf: Any) -> tuple[list, list, list]:
    from tensorflow.python.framework import op_def_library

    arrays = input_arrays(op, sample)
    inputs = [tf.constant(a) for a in flatten(arrays)]
    arguments = dict(zip(op.input_names, nest_like(inputs, arrays)))
    attrs = {name: as_tensorflow(value, tf) for name, value in sample.attrs.items()}
    result = op_def_library.apply_op(op.name, **arguments, **{**default_attrs(op.name), **attrs})
    return evaluate(tf, op, result, inputs, with_gradient)


def evaluate(tf: Any, op: OpDef, result: Any, inputs: list[Any], with_gradient: bool) -> tuple[list, list, list]:
    outputs = flatten(list(result) if isinstance(result, (list, tuple)) else [result])
    if not isinstance(outputs[0], tf.Tensor):
        return [], [], []
    if op.name in VALUES_ONLY:
        outputs = outputs[:1]
    if op.name.startswith(NORMALIZATIONS):
        # Without training TensorFlow folds constants into y alone: it has no node then that gives the others.
        is_folded = "Grad" not in op.name and not is_training(outputs[0])
        outputs = outputs[: 1 if is_folded else 3]
    with tf.Session() as sess:
        values = sess.run(outputs)
        if op.name in PICTURES:
            decode = decode_pictures if op.name == "ImageSummary" else decode_picture
            return list(map(decode, values)), [], []
        gradients = add_gradients(tf, outputs, values, inputs) if with_gradient else []
        found = iter(sess.run([g for g in gradients if g is not None]))
    shapes = [t.shape.as_list() if t.shape.ndims is not None else None for t in outputs]
    return values, [None if g is None else next(found) for g in gradients], shapes


def is_training(output: Any) -> bool:
    return output.op.get_attr("is_training")


def decode_picture(encoded: bytes) -> Any:
    """The pixels of a picture."""
    return np.asarray(Image.open(io.BytesIO(encoded)))


def decode_pictures(summary: bytes) -> str:
    """What a summary of images says, with their pixels."""
    found = []
    for value in Summary.FromString(summary).value:
        picture = value.image
        pixels = decode_picture(picture.encoded_image_string).tolist()
        found.append((value.tag, picture.height, picture.width, picture.colorspace, pixels))
    return repr(found)


def add_gradients(tf: Any, outputs: list[Any], values: list[np.ndarray], inputs: list[Any]) -> list[Any]:
    """The gradients of the outputs that have one, weighted so that their elements are told apart."""
    pairs = [(t, weights(v)) for t, v in zip(outputs, values) if t.dtype.is_floating or t.dtype.is_complex]
    sources = [t for t in inputs if t.dtype.is_floating or t.dtype.is_complex]
    try:
        found = tf.gradients([t for t, _ in pairs], sources, [tf.constant(w) for _, w in pairs])
    except LookupError:  # TensorFlow has no gradient for that op, or for one inside its gradient
        return []
    return [None if g is None else tf.convert_to_tensor(g) for g in found]


def weights(value: np.ndarray) -> np.ndarray:
    return (np.arange(value.size).reshape(value.shape) * 0.25 + 0.5).astype(value.dtype)


def assert_same(ours: Any, theirs: Any, what: str) -> None:
    assert (ours is None) == (theirs is None), f"{what}: {ours} here, {theirs} in TensorFlow"
    if theirs is None:
        return
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.dtype.names and not theirs.dtype.names:  # quantized numbers: a run of 2.21 gives plain ones
        ours = ours.view(ours.dtype[0])
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), what
    tolerance = TOLERANCE.get(theirs.dtype.name, 0.0)
    if tolerance:
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * 0.1, err_msg=what)
    else:
        np.testing.assert_array_equal(ours, theirs, err_msg=what)


def cases() -> list[Any]:
    marks = {name: [pytest.mark.xfail(reason=reason, strict=True)] for name, reason in CHANGED.items()}
    named = (
        (op, sample, name)
        for (op, sample), name in zip(SAMPLES, IDS)
        if op.name not in REMOVED and name not in UNDEFINED
    )
    return [pytest.param(op, sample, id=name, marks=marks.get(name, [])) for op, sample, name in named]


@pytest.mark.parametrize("op, sample", cases())
def test_op_does_what_it_does_in_tensorflow(op, sample, tf1):
    with_gradient = sample.grad and op.grad is not NOT_DIFFERENTIABLE and op.grad is not None
    ours = run_here(op, sample, with_gradient)
    theirs = run_there(op, sample, with_gradient, tf1)
    for what, a, b in zip(("output", "gradient"), ours, theirs):
        assert len(a) == len(b) or not b and what == "gradient"
        for i, (x, y) in enumerate(zip(a, b)):
            assert_same(x, y, f"{what} {i}")
    assert ours[2] == theirs[2], "static shapes"

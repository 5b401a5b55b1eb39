"""Local response normalization: each channel divided by the strength of its neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import bfloat16, float16, float32
from pyflow.core.registry import NOT_DIFFERENTIABLE, one_of, op, sample
from pyflow.ops.gpu import FLOAT32, Dispatch, dispatches, groups, size
from pyflow.ops.shape_rules import merge_all, with_rank

_TYPES = one_of((float16, bfloat16, float32), default=float32)


def _neighbour_sums(values: np.ndarray, radius: int) -> np.ndarray:
    """For each channel the sum over the channels no farther than `radius`: a product with a band of ones."""
    channels = values.shape[-1]
    places = np.arange(channels)
    band = (np.abs(places[:, None] - places) <= radius).astype(values.dtype)
    return values.reshape(-1, channels).dot(band).reshape(values.shape)


def _norms(x: np.ndarray, radius: int, bias: float, alpha: float) -> np.ndarray:
    norms = _neighbour_sums(x * x, radius)
    norms *= alpha
    norms += bias
    return norms


def _on_gpu(shader: str) -> Any:
    """The rule of an op that a shader of shaders/lrn does."""

    def rule(node: Any) -> list[Dispatch] | None:
        count, attrs = size(node.outputs[0]), node.attrs
        if attrs["depth_radius"] < 0 or any(v.shape != node.outputs[0].shape for v in node.inputs):
            return None
        names = {"RADIUS": "depth_radius", "BIAS": "bias", "ALPHA": "alpha", "BETA": "beta"}
        constants = {constant: attrs[name] for constant, name in names.items()}
        constants |= {"COUNT": count, "CHANNELS": node.outputs[0].shape[-1]}
        return [Dispatch(f"lrn/{shader}.wgsl", node.inputs, node.outputs, groups(count), **constants)]

    return dispatches(rule, types=FLOAT32, widened=True)


def _reference(x: np.ndarray, radius: int = 1, bias: float = 1.0, alpha: float = 0.5, beta: float = 0.75) -> np.ndarray:
    sums = [(x[..., max(0, c - radius) : c + radius + 1] ** 2).sum(-1) for c in range(x.shape[-1])]
    return x / (bias + alpha * np.stack(sums, -1)) ** beta


@op(
    "LRNGrad(input_grads: T, input_image: T, output_image: T) -> (output: T)",
    depth_radius=5,
    bias=1.0,
    alpha=1.0,
    beta=0.5,
    T=_TYPES,
)
class LRNGrad:
    """The gradient of `LRN`."""

    def shape(input_grads, input_image, output_image):
        return merge_all([with_rank(s, 4) for s in (input_grads, input_image, output_image)])

    def cpu(input_grads, input_image, output_image, depth_radius, bias, alpha, beta, out):
        grads, x, y = (np.asarray(a, np.float32) for a in (input_grads, input_image, output_image))
        if not out.size:
            return
        norms = _norms(x, depth_radius, bias, alpha)
        shared = _neighbour_sums(grads * y / norms, depth_radius)
        shared *= x
        shared *= -2 * alpha * beta
        norms **= -beta
        norms *= grads
        np.add(shared, norms, out=out, casting="same_kind")

    grad = NOT_DIFFERENTIABLE
    gpu = _on_gpu("gradient")
    samples = [
        sample(
            np.array([[[[1.0, 0.5, -1.0]]]], np.float32),
            np.array([[[[0.5, -1.0, 2.0]]]], np.float32),
            _reference(np.array([[[[0.5, -1.0, 2.0]]]])).astype(np.float32),
            depth_radius=1,
            alpha=0.5,
            beta=0.75,
        )
    ]


@op("LRN(input: T) -> (output: T)", depth_radius=5, bias=1.0, alpha=1.0, beta=0.5, T=_TYPES)
class LRN:
    """input / (bias + alpha · sum of the squares of the channels within depth_radius) ** beta, for [n, h, w, channels].

    Source: A. Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012, section 3.3.
    """

    def shape(input):
        return with_rank(input, 4)

    def cpu(input, depth_radius, bias, alpha, beta, out):
        if not out.size:
            return
        x = np.asarray(input, np.float32)
        norms = _norms(x, depth_radius, bias, alpha)
        norms **= -beta
        np.multiply(x, norms, out=out, casting="same_kind")

    def grad(op, grad):
        radius, bias, alpha, beta = (op.get_attr(name) for name in ("depth_radius", "bias", "alpha", "beta"))
        return LRNGrad(grad, op.inputs[0], op.outputs[0], radius, bias, alpha, beta)

    gpu = _on_gpu("lrn")
    samples = [
        sample(
            np.array([[[[0.5, -1.0, 2.0, 0.25]]]], np.float32),
            depth_radius=1,
            alpha=0.5,
            beta=0.75,
            reference=_reference,
        )
    ]


local_response_normalization: Any = export("nn.local_response_normalization", "nn.lrn")(LRN)

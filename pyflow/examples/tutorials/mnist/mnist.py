"""The network of the tutorials on handwritten digits: two hidden layers, its loss, training and evaluation."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.losses.cross_entropies import sparse_softmax_cross_entropy
from pyflow.ops.array_filling import zeros
from pyflow.ops.cast import cast
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_relu import relu
from pyflow.ops.nn_top_k import in_top_k
from pyflow.ops.random import truncated_normal
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.variable_base import Variable
from pyflow.summary.functions import scalar
from pyflow.train.gradient_descent import GradientDescentOptimizer

NUM_CLASSES = 10
IMAGE_SIZE = 28
IMAGE_PIXELS = IMAGE_SIZE * IMAGE_SIZE


def _layer(scope: str, inputs: Tensor, size: int, units: int, activation: Callable = lambda x: x) -> Tensor:
    with name_scope(scope):
        start = truncated_normal([size, units], stddev=1.0 / math.sqrt(float(size)))
        weights = Variable(start, name="weights")
        biases = Variable(zeros([units]), name="biases")
        return activation(matmul(inputs, weights) + biases)


def inference(images: Tensor, hidden1_units: int, hidden2_units: int) -> Tensor:
    """The logits, [batch, NUM_CLASSES], of images [batch, IMAGE_PIXELS]."""
    hidden1 = _layer("hidden1", images, IMAGE_PIXELS, hidden1_units, relu)
    hidden2 = _layer("hidden2", hidden1, hidden1_units, hidden2_units, relu)
    return _layer("softmax_linear", hidden2, hidden2_units, NUM_CLASSES)


def loss(logits: Tensor, labels: Any) -> Tensor:
    """The mean cross entropy with the labels, int [batch]."""
    return sparse_softmax_cross_entropy(labels=cast(labels, dtypes.int64), logits=logits)


def training(loss: Tensor, learning_rate: Any) -> Any:
    """The operation of a step of gradient descent, which counts in `global_step`; the loss gets a summary."""
    scalar("loss", loss)
    optimizer = GradientDescentOptimizer(learning_rate)
    global_step = Variable(0, name="global_step", trainable=False)
    return optimizer.minimize(loss, global_step=global_step)


def evaluation(logits: Tensor, labels: Any) -> Tensor:
    """How many of the batch are classified as labelled, int32 of shape ()."""
    return reduce_sum(cast(in_top_k(logits, labels, 1), dtypes.int32))

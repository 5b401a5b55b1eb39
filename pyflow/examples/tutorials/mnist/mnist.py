"""The network of the tutorial "TensorFlow Mechanics 101": two hidden layers, a loss, a step of training, a count."""

from __future__ import annotations

import math
from typing import Any

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
from pyflow.ops.variables import Variable
from pyflow.summary.functions import scalar
from pyflow.train.gradient_descent import GradientDescentOptimizer

NUM_CLASSES = 10
IMAGE_SIZE = 28
IMAGE_PIXELS = IMAGE_SIZE * IMAGE_SIZE


def _affine(x: Any, inputs: int, outputs: int) -> Any:
    weights = Variable(truncated_normal([inputs, outputs], stddev=1.0 / math.sqrt(float(inputs))), name="weights")
    biases = Variable(zeros([outputs]), name="biases")
    return matmul(x, weights) + biases


def inference(images: Any, hidden1_units: int, hidden2_units: int) -> Tensor:
    """Logits [batch, NUM_CLASSES] for images [batch, IMAGE_PIXELS]."""
    with name_scope("hidden1"):
        hidden1 = relu(_affine(images, IMAGE_PIXELS, hidden1_units))
    with name_scope("hidden2"):
        hidden2 = relu(_affine(hidden1, hidden1_units, hidden2_units))
    with name_scope("softmax_linear"):
        return _affine(hidden2, hidden2_units, NUM_CLASSES)


def loss(logits: Tensor, labels: Any) -> Tensor:
    """The mean cross entropy, shape (); `labels` are integers [batch]."""
    return sparse_softmax_cross_entropy(labels=cast(labels, dtypes.int64), logits=logits)


def training(loss: Tensor, learning_rate: float) -> Any:
    """A step of gradient descent that counts itself in a variable `global_step`; the loss gets a summary."""
    scalar("loss", loss)
    optimizer = GradientDescentOptimizer(learning_rate)
    global_step = Variable(0, name="global_step", trainable=False)
    return optimizer.minimize(loss, global_step=global_step)


def evaluation(logits: Tensor, labels: Any) -> Tensor:
    """How many of the batch have the greatest logit at their label: int32, shape ()."""
    return reduce_sum(cast(in_top_k(logits, labels, 1), dtypes.int32))

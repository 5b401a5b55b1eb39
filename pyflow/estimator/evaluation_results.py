"""What an evaluation computes, and how it gets into event files."""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from pyflow.core import dtypes
from pyflow.core.tensor_proto import make_tensor_proto
from pyflow.estimator.mode_keys import LOSS_METRIC_KEY
from pyflow.metrics.means import mean
from pyflow.ops.control_flow import group
from pyflow.platform import logging
from pyflow.protos.event_pb2 import Summary
from pyflow.summary.writer import FileWriterCache
from pyflow.train.evaluation import get_or_create_eval_step
from pyflow.train.scaffold import Scaffold


def verify_and_create_loss_metric(eval_metric_ops: dict[str, Any], loss: Any) -> dict[str, Any]:
    """The metrics with one more: "loss", the mean over the batches.

    Raises:
      ValueError: there is one of that name already.
    """
    if LOSS_METRIC_KEY in eval_metric_ops:
        raise ValueError(
            f'Metric with name "{LOSS_METRIC_KEY}" is not allowed, because Estimator already defines a default metric '
            "with the same name."
        )
    eval_metric_ops[LOSS_METRIC_KEY] = mean(loss)
    return eval_metric_ops


def extract_metric_update_ops(eval_dict: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """One operation that updates all metrics, or None; their values by name."""
    ordered = sorted(eval_dict.items())
    update = group(*(metric[1] for _, metric in ordered)) if ordered else None
    return update, {name: metric[0] for name, metric in ordered}


def evaluation_scaffold(scaffold: Any) -> Any:
    """The scaffold of an evaluation: what the model initialises in each session comes in addition to the defaults."""
    if not scaffold or not scaffold.local_init_op:
        return scaffold
    get_or_create_eval_step()  # before the default operation, which initialises it
    local_init_op = group(scaffold.local_init_op, Scaffold.default_local_init_op())
    return Scaffold(local_init_op=local_init_op, copy_from_scaffold=scaffold)


def write_dict_to_summary(output_dir: str, dictionary: dict[str, Any], current_global_step: Any) -> None:
    """Writes an evaluation's results to the event file of a folder: numbers, serialized summaries, arrays."""
    shown = ", ".join(f"{key} = {value!s}" for key, value in sorted(dictionary.items()) if not isinstance(value, bytes))
    logging.info("Saving dict for global step %d: %s", current_global_step, shown)
    summary = Summary()
    for key, value in dictionary.items():
        if value is not None and key != "global_step":
            _add_result(summary, key, value)
    writer = FileWriterCache.get(output_dir)
    writer.add_summary(summary, current_global_step)
    writer.flush()


_REAL: Any = (np.float32, float)
_INTEGER: Any = (np.int64, np.int32, int)


def _add_result(summary: Any, key: str, value: Any) -> None:
    if isinstance(value, _REAL):
        summary.value.add(tag=key, simple_value=float(value))
    elif isinstance(value, _INTEGER):
        summary.value.add(tag=key, simple_value=int(value))
    elif isinstance(value, bytes):
        try:
            inner = Summary.FromString(value)
        except DecodeError:
            logging.warn("Skipping summary for %s, cannot parse string to Summary.", key)
            return
        for number, part in enumerate(inner.value):
            part.tag = f"{key}/{number}"
        summary.value.extend(inner.value)
    elif isinstance(value, np.ndarray):
        added = summary.value.add(tag=key, node_name=key)
        added.tensor.CopyFrom(make_tensor_proto(value))
        logging.info(
            "Summary for np.ndarray is not visible in Tensorboard by default. Consider using a Tensorboard plugin for "
            "visualization (see https://github.com/tensorflow/tensorboard-plugin-example/blob/master/README.md for "
            "more information)."
        )
    else:
        logging.warn(
            "Skipping summary for %s, must be a float, np.float32, np.int64, np.int32 or int or np.ndarray or a "
            "serialized string of Summary.",
            key,
        )


def write_checkpoint_path_to_summary(output_dir: str, checkpoint_path: str, current_global_step: Any) -> None:
    """Writes which checkpoint was evaluated to the event file of a folder."""
    tag = "checkpoint_path"
    logging.info("Saving '%s' summary for global step %d: %s", tag, current_global_step, checkpoint_path)
    summary = Summary()
    summary.value.add(tag=tag, tensor=make_tensor_proto(checkpoint_path, dtype=dtypes.string))
    writer = FileWriterCache.get(output_dir)
    writer.add_summary(summary, current_global_step)
    writer.flush()

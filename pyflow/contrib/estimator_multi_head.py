"""`tf.contrib.estimator.multi_head`: several tasks learnt at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.estimator.export_outputs import PredictOutput
from pyflow.estimator.head import LossSpec, _Head, _train_op
from pyflow.estimator.head_keys import DEFAULT_SERVING_KEY, PREDICT_SERVING_KEY, MetricKeys, summary_key
from pyflow.estimator.mode_keys import ModeKeys
from pyflow.estimator.model_fn import EstimatorSpec
from pyflow.metrics.means import mean
from pyflow.ops.array_filling import ones_like, zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_slicing import slice_
from pyflow.ops.control_flow import no_op
from pyflow.ops.math_binary import multiply
from pyflow.ops.math_sums import add_n
from pyflow.summary.functions import scalar


@export("contrib.estimator.multi_head")
def multi_head(heads: Any, head_weights: Any = None) -> _Head:
    """A head made of several; logits and labels are dicts by the heads' names, or the logits lie side by side.

    Args:
      heads: heads with names.
      head_weights: what their losses are multiplied by before they are added.

    Raises:
      ValueError: there are none, one has no name, or there are not as many weights.
    """
    if head_weights and len(head_weights) != len(heads):
        raise ValueError(
            f"heads and head_weights must have the same size. Given len(heads): {len(heads)}. Given "
            f"len(head_weights): {len(head_weights)}."
        )
    if not heads:
        raise ValueError(f"Must specify heads. Given: {heads}")
    for head in heads:
        if not head.name:
            raise ValueError(f"All given heads must have name specified. Given: {head}")
    return _MultiHead(tuple(heads), tuple(head_weights or ()))


class _MultiHead(_Head):
    """Several heads; see `multi_head`."""

    def __init__(self, heads: tuple, head_weights: tuple):
        self._heads = heads
        self._head_weights = head_weights

    name = property(lambda self: "_".join(head.name for head in self._heads))
    logits_dimension = property(lambda self: sum(head.logits_dimension for head in self._heads))

    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> LossSpec:
        by_head = logits if isinstance(logits, dict) else self._split_logits(logits)
        losses, unreduced, weights, processed = [], {}, {}, {}
        for number, head in enumerate(self._heads):
            spec = head.create_loss(features, mode, by_head[head.name], labels[head.name])
            losses.append(spec.training_loss)
            processed[head.name] = spec.processed_labels
            unreduced[head.name], weights[head.name] = spec.unreduced_loss, spec.weights
            if self._head_weights:
                factor = self._head_weights[number]
                unreduced[head.name] = multiply(spec.unreduced_loss, factor)
                weights[head.name] = multiply(spec.weights, factor)
        return LossSpec(self._merged(losses), unreduced, weights, processed)

    def create_estimator_spec(
        self,
        features: Any,
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        train_op_fn: Callable | None = None,
        regularization_losses: Any = None,
    ) -> EstimatorSpec:
        if regularization_losses:
            raise NotImplementedError("multi_head with regularization_losses")
        by_head = logits if isinstance(logits, dict) else self._split_logits(logits)
        if labels and not isinstance(labels, dict):
            raise ValueError(f"labels must be a dict. Given: {labels}")
        specs = [
            head.create_estimator_spec(
                features=features,
                mode=mode,
                logits=by_head[head.name],
                labels=labels[head.name] if labels else None,
                train_op_fn=lambda loss: no_op(),
            )
            for head in self._heads
        ]
        predictions = {
            (head.name, key): value for head, spec in zip(self._heads, specs) for key, value in spec.predictions.items()
        }
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions=predictions, export_outputs=self._export_outputs(specs))
        if mode == ModeKeys.EVAL:
            metrics = {}
            with name_scope("merge_eval"):
                for head, spec in zip(self._heads, specs):
                    key = summary_key(head.name, MetricKeys.LOSS)
                    metrics[key] = mean(spec.loss, name=key)
                    metrics.update(spec.eval_metric_ops or {})
                loss = self._merged([spec.loss for spec in specs])
            return EstimatorSpec(mode, predictions=predictions, loss=loss, eval_metric_ops=metrics)
        if mode != ModeKeys.TRAIN:
            raise ValueError(f"mode={mode} unrecognized")
        loss = self._merged([spec.loss for spec in specs])
        train_op = _train_op(optimizer, train_op_fn, loss)
        spec = EstimatorSpec(mode, predictions=predictions, loss=loss, train_op=train_op)
        with name_scope(""):
            scalar(MetricKeys.LOSS, spec.loss)
        return spec

    def _merged(self, losses: list[Any]) -> Any:
        """The sum of the heads' losses, weighted."""
        with name_scope("merge_losses", values=[*losses, *self._head_weights]):
            if self._head_weights:
                losses = [multiply(loss, weight) for loss, weight in zip(losses, self._head_weights)]
            return add_n(losses)

    def _split_logits(self, logits: Any) -> dict[str, Any]:
        """The logits of each head, which lie side by side."""
        split = {}
        with name_scope(None, "split_logits", values=[logits]):
            logits = convert_to_tensor(logits)
            sizes = [head.logits_dimension for head in self._heads]
            shape = logits.shape.as_list()
            if shape[-1] is not None and shape[-1] != sum(sizes):
                raise ValueError(
                    f"Could not split logits of shape {shape!r} among the heads with individual logits dimensions: "
                    f"{sizes!r}. The last dimension of the logits tensor should equal {shape[-1]} but is {sum(sizes)}."
                )
            batch = shape_of(logits)[:-1]
            zeros, rest = zeros_like(batch), -1 * ones_like(batch)
            start = 0
            for head, size in zip(self._heads, sizes):
                begin = concat([zeros, [start]], axis=0)
                split[head.name] = slice_(logits, begin=begin, size=concat([rest, [size]], axis=0))
                start += size
        return split

    def _export_outputs(self, specs: list[Any]) -> dict[str, Any]:
        """The outputs of all heads by "head/output"; the default is that of the first head."""
        first = specs[0].export_outputs
        if len(first) > 1 and DEFAULT_SERVING_KEY not in first:
            raise ValueError(
                f"{self._heads[0].name} did not specify default export_outputs. Given: {first} Suggested fix: Use one "
                f"of the heads in tf.contrib.estimator, or include key {DEFAULT_SERVING_KEY} in export_outputs."
            )
        outputs = {DEFAULT_SERVING_KEY: first.get(DEFAULT_SERVING_KEY) or next(iter(first.values()))}
        merged = {}
        for head, spec in zip(self._heads, specs):
            for key, output in spec.export_outputs.items():
                outputs[head.name if key == DEFAULT_SERVING_KEY else f"{head.name}/{key}"] = output
                if key == PREDICT_SERVING_KEY and isinstance(output, PredictOutput):
                    merged.update((f"{head.name}/{name}", value) for name, value in output.outputs.items())
        outputs[PREDICT_SERVING_KEY] = PredictOutput(merged)
        return outputs

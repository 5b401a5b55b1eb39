"""Models that are compiled: with an optimizer, losses and metrics, and the functions that run them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, nest
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.keras.backend import GraphExecutionFunction, floatx
from pyflow.keras.base_layer import Layer
from pyflow.keras.loss_classes import broadcast_weights
from pyflow.keras.metric_base import Mean
from pyflow.keras.network_model import Network
from pyflow.keras.optimizer_lookup import get_optimizer
from pyflow.keras.training_data import check_lengths, example_weights, standardized, weights_per_output
from pyflow.keras.training_targets import (
    Target,
    as_loss,
    check_target,
    make_metric,
    metrics_per_output,
    per_output,
    plain_weights,
)
from pyflow.layers.call_context import learning_phase
from pyflow.layers.core_layer import CoreLayer
from pyflow.ops.cast import cast
from pyflow.ops.math_sums import add_n
from pyflow.ops.placeholder import placeholder as tf_placeholder
from pyflow.platform import logging


class CompiledModel(Network):
    """The part of a model that knows what it is trained for."""

    _targets: Any = None
    total_loss: Any = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Any = None,
        target_tensors: Any = None,
        distribute: Any = None,
        **kwargs: Any,
    ) -> None:
        """Says what the model is to be trained for, and how.

        Args:
          optimizer: its name, one of `tf.keras.optimizers` or `tf.train`.
          loss: function, `Loss` or name, for all outputs; or a list or dict of such. Outputs without aren't trained.
          metrics: a list (of lists, or a dict) of names, functions or `Metric`s.
          loss_weights: how much the loss of each output counts.
          sample_weight_mode: "temporal" for weights of every step of time; None, a list or a dict.
          weighted_metrics: metrics that count examples by their weights.
          target_tensors: tensors in the place of placeholders for the targets.
          options, run_metadata, fetches, feed_dict (keywords): for every `Session.run`.

        Raises:
          ValueError: there are losses for outputs that there are not.
        """
        if kwargs.pop("run_eagerly", None):
            raise ValueError("You can only set `run_eagerly` with eager execution, which PyFlow does not have.")
        if distribute is not None:
            raise NotImplementedError("Model.compile(distribute)")
        for key in kwargs:
            if key not in (
                "feed_dict",
                "fetches",
                "options",
                "run_metadata",
                "experimental_run_tf_function",
                "cloning",
            ):
                raise TypeError("Invalid keyword argument(s) in `compile`:", {key})
        self._function_kwargs = {
            k: v for k, v in kwargs.items() if k not in ("experimental_run_tf_function", "cloning")
        }
        self.optimizer = get_optimizer(optimizer)
        self.loss = loss if loss is not None else {}
        self._compile_metrics, self._compile_weighted_metrics = metrics, weighted_metrics
        self.loss_weights, self.sample_weight_mode = loss_weights, sample_weight_mode
        self._target_tensors = target_tensors
        self._is_compiled = True
        vars(self)["_compiled_metrics"] = None
        vars(self)["_targets"] = None
        if self.outputs is not None:
            self._make_targets()

    @property
    def run_eagerly(self) -> bool:
        """False: graphs are always static."""
        return False

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        if value:
            raise ValueError("You can only set `run_eagerly` with eager execution, which PyFlow does not have.")

    def _make_targets(self) -> None:
        names = self.output_names
        losses = [as_loss(x) for x in per_output(self.loss, names, "loss")]
        if isinstance(self.loss, dict):
            for name in names:
                if name not in self.loss:
                    logging.warning(
                        f"Output {name} missing from loss dictionary. We assume this was done on purpose. The fit and "
                        f"evaluate APIs will not be expecting any data to be passed to {name}."
                    )
        if not any(losses) and not CoreLayer.losses.fget(self):  # type: ignore[attr-defined]
            if self.loss not in ({}, None):
                raise ValueError("The model cannot be compiled because it has no loss to optimize.")
        modes = per_output(self.sample_weight_mode, names, "sample_weight_mode")
        weights = self.loss_weights
        if isinstance(weights, (int, float)):
            raise TypeError(f"Could not interpret loss_weights argument: {weights} - expected a list of dicts.")
        factors = per_output(weights, names, "loss_weights")
        given = self._target_tensors
        if given is not None and not isinstance(given, (list, dict, tuple)):
            given = [given]
        tensors = per_output(given, names, "target_tensors")
        vars(self)["_targets"] = [Target(*row) for row in zip(names, self.outputs, losses, factors, modes, tensors)]
        self._wanted_metrics = self._chosen_metrics()
        vars(self)["_collected_trainable_weights"] = self.trainable_weights
        self._make_losses()

    def _chosen_metrics(self) -> list[tuple[str, Any, Target, bool]]:
        """(name, metric, target, whether weighted) of all metrics; and a mean for each loss, if there are several."""
        chosen = []
        taken = ["loss"]
        several = len(self._targets) > 1
        if several:
            for target in self._targets:
                if target.loss is not None:
                    name = target.name + "_loss"
                    target.mean = Mean(name=name)
                    taken.append(name)
        plain = metrics_per_output(self._compile_metrics, self.output_names)
        weighted_ones = metrics_per_output(self._compile_weighted_metrics, self.output_names)
        for target, own, own_weighted in zip(self._targets, plain, weighted_ones):
            if target.loss is None and target.placeholder is None:
                continue
            for is_weighted, given in [*((False, m) for m in own), *((True, m) for m in own_weighted)]:
                name, metric = make_metric(given, target, is_weighted)
                name = f"{target.name}_{name}" if several else name
                unique, j = name, 1
                while unique in taken:
                    unique, j = f"{name}_{j}", j + 1
                taken.append(unique)
                metric._name = unique
                chosen.append((unique, metric, target, is_weighted))
        vars(self)["_metric_names"] = taken
        return chosen

    def _make_losses(self) -> None:
        """Makes the metrics' and losses' part of the graph."""
        vars(self)["_results"] = results = []
        made: list[Any] = []
        metric_results = []
        with name_scope("metrics"):
            for _, metric, target, is_weighted in self._wanted_metrics:
                mask = getattr(target.output, "_keras_mask", None)
                weights = target.weights if is_weighted else None
                if mask is not None:
                    mask = cast(mask, floatx())
                    weights = mask if weights is None else mask * broadcast_weights(mask, weights)
                metric._update_ops = []
                metric_results.append(metric(target.placeholder, target.output, sample_weight=weights))
                made.append(metric)
        total = None
        with name_scope("loss"):
            for target in self._targets:
                if target.loss is None:
                    continue
                loss = target.make_loss()
                if getattr(target, "mean", None) is not None:
                    target.mean._update_ops = []
                    results.append(target.mean(loss))
                    made.insert(len(results) - 1, target.mean)
                loss = loss * target.loss_weight if target.loss_weight != 1 or len(self._targets) > 1 else loss * 1.0
                total = loss if total is None else total + loss
            extra = self.losses
            if total is None and not extra:
                raise ValueError("The model cannot be compiled because it has no loss to optimize.")
            if extra:
                added = add_n([cast(x, floatx()) for x in extra])
                total = added if total is None else total + cast(added, total.dtype)
        results += metric_results
        for metric in self._layer_metrics():
            made.append(metric)
            results.append(metric._added_result)
        self.total_loss = total
        vars(self)["_compiled_metrics"] = made
        for mode in ("train", "test", "predict"):
            vars(self).pop(f"_{mode}_function", None)

    def _layer_metrics(self) -> list:
        return [m for m in Layer.metrics.fget(self) if hasattr(m, "_added_result")]  # type: ignore[attr-defined]

    @property
    def metrics(self) -> list:
        """The metrics, those of the layers among them."""
        return list(self._compiled_metrics or []) if self._is_compiled else Layer.metrics.fget(self)  # type: ignore[attr-defined]

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` gives, "loss" first."""
        if not self._is_compiled or self._targets is None:
            return ["loss"]
        return [*self._metric_names, *(m.name for m in self._layer_metrics())]

    def reset_metrics(self) -> None:
        """Lets all metrics begin anew."""
        for metric in self.metrics:
            metric.reset_states()

    # ---------------------------------------------------------------- functions

    def _assert_compiled(self) -> None:
        if not self._is_compiled:
            raise RuntimeError(
                "You must compile your model before training/testing. Use `model.compile(optimizer, loss)`."
            )

    def _feeds(self, with_targets: bool = True) -> list:
        feeds = list(self.inputs)
        feeds = [x for x in feeds if x.op.type == "Placeholder" or not isinstance(x, Tensor)]
        if with_targets:
            feeds += [t.placeholder for t in self._targets if t.is_fed]
            feeds += [t.weights for t in self._targets if t.weights is not None]
        return feeds

    def _function(self, mode: str, outputs: list, updates: list) -> Any:
        feeds = self._feeds(mode != "predict")
        phase = learning_phase()
        is_tensor = isinstance(phase, Tensor)
        kwargs = getattr(self, "_function_kwargs", {})
        run = GraphExecutionFunction(
            [*feeds, phase] if is_tensor else feeds, outputs, updates, f"{mode}_function", **kwargs
        )
        return (lambda values: run([*values, mode == "train"])) if is_tensor else run

    def _metric_updates(self) -> list:
        return [op for m in self.metrics for op in m._update_ops]

    def _make_train_function(self) -> Any:
        self._assert_compiled()
        if vars(self).get("_train_function") is None:
            if self._collected_trainable_weights != self.trainable_weights:
                logging.warning(
                    "Discrepancy between trainable weights and collected trainable weights, did you set "
                    "`model.trainable` without calling `model.compile` after ?"
                )
            with self.total_loss.graph.as_default(), name_scope("training"):
                updates = list(
                    self.optimizer.get_updates(params=self._collected_trainable_weights, loss=self.total_loss)
                )
            updates += self.updates + self._metric_updates()
            vars(self)["_train_function"] = self._function("train", [self.total_loss, *self._results], updates)
        return self._train_function

    def _make_test_function(self) -> Any:
        self._assert_compiled()
        if vars(self).get("_test_function") is None:
            updates = self.state_updates + self._metric_updates()
            vars(self)["_test_function"] = self._function("test", [self.total_loss, *self._results], updates)
        return self._test_function

    def _make_predict_function(self) -> Any:
        if vars(self).get("_predict_function") is None:
            vars(self)["_predict_function"] = self._function("predict", list(self.outputs), self.state_updates)
        return self._predict_function

    # ---------------------------------------------------------------- data

    def _set_inputs(self, x: Any) -> None:
        """Connects a model that has no inputs yet to such as the data."""
        arrays = [x[k] for k in sorted(x)] if isinstance(x, dict) else list(x) if isinstance(x, (list, tuple)) else [x]
        if hasattr(self, "_start"):
            first = arrays[0] if hasattr(arrays[0], "shape") else np.asarray(x)
            kind = first.dtype.base_dtype if isinstance(first, Tensor) else dtypes.as_dtype(floatx())
            own = first.shape.as_list() if isinstance(first, Tensor) else list(first.shape)
            self._start([None, *(own[1:] or [1])], kind.name)
            return
        names = sorted(x) if isinstance(x, dict) else [f"input_{i + 1}" for i in range(len(arrays))]
        made = []
        for name, a in zip(names, arrays):
            a = a if hasattr(a, "shape") else np.asarray(a)
            kind = a.dtype.base_dtype if isinstance(a, Tensor) else floatx() if a.dtype.kind == "f" else a.dtype
            own = a.shape.as_list() if isinstance(a, Tensor) else list(a.shape)
            made.append(tf_placeholder(kind, [None, *(own[1:] or [1])], name=name))
        given = dict(zip(names, made)) if isinstance(x, dict) else made if isinstance(x, (list, tuple)) else made[0]
        kwargs = {"training": learning_phase()} if self._expects_training_arg else {}
        outputs = nest.flatten(self(given, **kwargs))
        self.inputs, self.input_names = made, names
        self.outputs, self.output_names = outputs, [f"output_{i + 1}" for i in range(len(outputs))]

    def _standardized(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, batch_size: Any = None,
        with_targets: bool = True,
    ) -> list:  # fmt: skip
        """The values of `_feeds`.

        Raises:
          ValueError: they are not such as the model expects.
        """
        if self.inputs is None:
            self._set_inputs(x)
        if self._is_compiled and self._targets is None:
            self._make_targets()
        own_inputs: list[Any] = self.inputs  # type: ignore[assignment]
        fed = [i for i, t in enumerate(own_inputs) if not isinstance(t, Tensor) or t.op.type == "Placeholder"]
        shapes = [None if t.shape.ndims is None else tuple(t.shape.as_list()) for t in own_inputs]
        if self._graph is None:
            shapes = [None] * len(fed)
        names = [self.input_names[i] for i in fed]
        inputs = standardized(x, names, [shapes[i] for i in fed], "input")
        if not with_targets:
            return inputs
        self._assert_compiled()
        all_targets: list[Any] = self._targets  # type: ignore[assignment]
        targets = [t for t in all_targets if t.is_fed]
        if y is None and targets:
            raise ValueError(
                f"Please provide data for the model's targets: {[t.name for t in targets]}"
            )  # fmt: skip
        own = standardized(y, [t.name for t in targets], None, "target")
        for target, value in zip(targets, own):
            check_target(target, value)
        all_names = [t.name for t in all_targets]
        of_examples = weights_per_output(sample_weight, all_names, "sample_weight")
        of_classes = (
            weights_per_output(class_weight, all_names, "class_weight") if class_weight else [None] * len(all_names)
        )
        if isinstance(class_weight, dict) and len(all_names) == 1 and not isinstance(of_classes[0], dict):
            of_classes = [class_weight]
        values = dict(zip((t.name for t in targets), own))
        weights = [
            None if t.name not in values else example_weights(values[t.name], w, c, t.mode)
            for t, w, c in zip(all_targets, of_examples, of_classes)
        ]
        check_lengths(inputs, own, [w for w in weights if w is not None])
        changed = [t for t, w in zip(all_targets, weights) if t.is_fed and w is not None and t.weights is None]
        if changed:
            for target in changed:
                target.use_weights(True)
            self._make_losses()
        found = [
            w if w is not None else plain_weights(values[t.name], t.mode)
            for t, w in zip(self._targets, weights)  # type: ignore[misc]
            if t.weights is not None
        ]
        if (
            self.stateful
            and batch_size
            and len(inputs)
            and isinstance(inputs[0], np.ndarray)
            and len(inputs[0]) % batch_size
        ):
            raise ValueError(
                "In a stateful network, you should only pass inputs with a number of samples that can be divided by "
                f"the batch size. Found: {len(inputs[0])} samples"
            )
        return [*inputs, *own, *found]

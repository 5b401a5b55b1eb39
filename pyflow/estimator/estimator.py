"""`tf.estimator.Estimator`: a model function that is trained, evaluated and used in a folder of checkpoints.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/Estimator
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.scopes import get_default_graph
from pyflow.core.seeds import set_random_seed
from pyflow.estimator import run_config
from pyflow.estimator.estimator_checks import (
    _assert_members_are_not_overridden,
    _check_checkpoint_available,
    _check_hooks_type,
    _check_listeners_type,
    maybe_overwrite_model_dir_and_session_config,
)
from pyflow.estimator.evaluation_results import (
    evaluation_scaffold,
    extract_metric_update_ops,
    verify_and_create_loss_metric,
    write_checkpoint_path_to_summary,
    write_dict_to_summary,
)
from pyflow.estimator.mode_keys import ModeKeys
from pyflow.estimator.model_export import Exporting
from pyflow.estimator.model_fn import EstimatorSpec, verify_model_fn_args
from pyflow.estimator.training_run import load_global_step, replica_device_setter_of, train_with_spec
from pyflow.estimator.warm_start_settings import get_default_warm_start_settings
from pyflow.platform import logging
from pyflow.train import checkpoint_management, checkpoint_reader
from pyflow.train.evaluation import StopAfterNEvalsHook, evaluate_once
from pyflow.train.global_step import _get_or_create_global_step_read, get_global_step
from pyflow.train.monitored_session import MonitoredSession
from pyflow.train.session_creators import ChiefSessionCreator
from pyflow.train.session_run_hook import SessionRunHook
from pyflow.train.step_hooks import StopAtStepHook
from pyflow.train.warm_start import warm_start

_load_global_step_from_checkpoint_dir = load_global_step


@export("estimator.Estimator")
class Estimator(Exporting):
    """A model that is trained, evaluated, used and exported; each call makes a graph of its own.

    Args:
      model_fn: a function of `features` and, as far as it takes them, `labels`, `mode`, `params`, `config`, which
        returns an `EstimatorSpec`.
      model_dir: the folder of checkpoints and event files; None takes that of `config`, or a new temporary one.
      config: a `RunConfig`.
      params: what `model_fn` gets as `params`.
      warm_start_from: the path of a checkpoint or SavedModel, or `WarmStartSettings`, to start from when there is no
        checkpoint yet.

    Raises:
      ValueError: `model_fn` doesn't fit, `model_dir` differs from that of `config`, or a subclass overrides members.
    """

    def __init__(
        self,
        model_fn: Callable,
        model_dir: Any = None,
        config: Any = None,
        params: Any = None,
        warm_start_from: Any = None,
    ):
        self.__class__._assert_members_are_not_overridden(self)
        self._config = maybe_overwrite_model_dir_and_session_config(config, model_dir)
        self._train_distribution = self._config.train_distribute
        self._eval_distribution = self._config.eval_distribute
        self._model_dir = self._config.model_dir
        self._session_config = self._config.session_config
        logging.info("Using config: %s", str(vars(self._config)))
        self._device_fn = self._config.device_fn or replica_device_setter_of(self._config)
        if model_fn is None:
            raise ValueError("model_fn must be provided to Estimator.")
        verify_model_fn_args(model_fn, params)
        self._model_fn = model_fn
        self._params = copy.deepcopy(params or {})
        self._warm_start_settings = get_default_warm_start_settings(warm_start_from)

    model_dir: Any = property(lambda self: self._model_dir, doc="The folder of the model.")
    config: Any = property(lambda self: copy.deepcopy(self._config), doc="A copy of the `RunConfig`.")
    params: Any = property(lambda self: copy.deepcopy(self._params), doc="A copy of the parameters.")

    @property
    def model_fn(self) -> Callable:
        """The model function, as one of `features, labels, mode, config`."""

        def public_model_fn(features: Any, labels: Any, mode: str, config: Any) -> EstimatorSpec:
            return self._call_model_fn(features, labels, mode, config)

        return public_model_fn

    def get_variable_value(self, name: str) -> Any:
        """The value of a variable in the newest checkpoint, as an array.

        Raises:
          ValueError: there is no checkpoint.
        """
        _check_checkpoint_available(self.model_dir)
        return checkpoint_reader.load_variable(self.model_dir, name)

    def get_variable_names(self) -> list[str]:
        """The names of what is in the newest checkpoint.

        Raises:
          ValueError: there is none.
        """
        _check_checkpoint_available(self.model_dir)
        return [name for name, _ in checkpoint_reader.list_variables(self.model_dir)]

    def latest_checkpoint(self) -> str | None:
        """The path of the newest checkpoint, or None."""
        return checkpoint_management.latest_checkpoint(self.model_dir)

    def eval_dir(self, name: str | None = None) -> str:
        """The folder of an evaluation's event files."""
        return os.path.join(self._model_dir, f"eval_{name}" if name else "eval")

    # ---------------------------------------------------------------- training

    def train(
        self,
        input_fn: Callable,
        hooks: Any = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Any = None,
    ) -> Estimator:
        """Trains the model from the newest checkpoint on, until the input ends.

        Args:
          input_fn: makes the input: a dataset of (features, labels), or these as tensors; may take `mode`, `params`,
            `config`.
          hooks: `SessionRunHook`s.
          steps: after how many further steps to stop.
          max_steps: at which global step to stop.
          saving_listeners: `CheckpointSaverListener`s.

        Raises:
          ValueError: both numbers of steps are given, or one is not positive.
          TypeError: something is no hook or listener.
        """
        if self.config.task_type in (run_config.TaskType.EVALUATOR, run_config.TaskType.PS):
            raise ValueError(
                "Train has been called wrong configuration. Please use tf.estimator.train_and_evaluate which calls "
                f"proper API according to given configuration. Current configuration: {self.config}."
            )
        if steps is not None and max_steps is not None:
            raise ValueError("Can not provide both steps and max_steps.")
        if steps is not None and steps <= 0:
            raise ValueError(f"Must specify steps > 0, given: {steps}")
        if max_steps is not None:
            if max_steps <= 0:
                raise ValueError(f"Must specify max_steps > 0, given: {max_steps}")
            if max_steps <= load_global_step(self._model_dir):
                logging.info("Skipping training since max_steps has already saved.")
                return self
        hooks = _check_hooks_type(hooks)
        hooks.extend(self._convert_train_steps_to_hooks(steps, max_steps))
        loss = self._train_model(input_fn, hooks, _check_listeners_type(saving_listeners))
        logging.info("Loss for final step: %s.", loss)
        return self

    def _convert_train_steps_to_hooks(self, steps: int | None, max_steps: int | None) -> list[SessionRunHook]:
        return [] if steps is None and max_steps is None else [StopAtStepHook(steps, max_steps)]

    def _train_model(self, input_fn: Callable, hooks: list, saving_listeners: list) -> Any:
        if self._train_distribution:
            raise NotImplementedError("RunConfig(train_distribute): training by a distribution strategy")
        return self._train_model_default(input_fn, hooks, saving_listeners)

    def _train_model_default(self, input_fn: Callable, hooks: list, saving_listeners: list) -> Any:
        with Graph().as_default() as graph, graph.device(self._device_fn):
            set_random_seed(self._config.tf_random_seed)
            if self._create_and_assert_global_step(graph) is not None:
                _get_or_create_global_step_read(graph)
            features, labels, input_hooks = self._get_features_and_labels_from_input_fn(input_fn, ModeKeys.TRAIN)
            spec = self._call_model_fn(features, labels, ModeKeys.TRAIN, self.config)
            return self._train_with_estimator_spec(
                spec, list(input_hooks), hooks, get_global_step(graph), saving_listeners
            )

    def _train_with_estimator_spec(
        self, estimator_spec: Any, worker_hooks: list, hooks: list, global_step_tensor: Any, saving_listeners: list
    ) -> Any:
        if self._warm_start_settings:
            logging.info(f"Warm-starting with WarmStartSettings: {self._warm_start_settings}")
            warm_start(*self._warm_start_settings)
        return train_with_spec(
            self._config, self._model_dir, estimator_spec, worker_hooks, hooks, global_step_tensor, saving_listeners
        )

    # ---------------------------------------------------------------- evaluation

    def evaluate(
        self,
        input_fn: Callable,
        steps: int | None = None,
        hooks: Any = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """The metrics of a checkpoint, with "loss" and "global_step"; also written to an event file.

        Args:
          input_fn: makes the input, as for `train`.
          steps: how many batches; None: all.
          hooks: `SessionRunHook`s.
          checkpoint_path: the checkpoint; None takes the newest, or initial values if there is none.
          name: the evaluation's name, if there are several; part of the folder's name.

        Raises:
          ValueError: `steps` is not positive.
        """
        if self._eval_distribution:
            raise NotImplementedError("RunConfig(eval_distribute): evaluation by a distribution strategy")
        return self._actual_eval(input_fn, None, steps, hooks, checkpoint_path, name)

    def _actual_eval(
        self,
        input_fn: Callable,
        strategy: Any = None,
        steps: int | None = None,
        hooks: Any = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        hooks = _check_hooks_type(hooks)
        hooks.extend(self._convert_eval_steps_to_hooks(steps))
        if not checkpoint_path:
            checkpoint_path = checkpoint_management.latest_checkpoint(self._model_dir)
            if not checkpoint_path:
                logging.info(
                    f"Could not find trained model in model_dir: {self._model_dir}, running initialization to evaluate."
                )
        with Graph().as_default():
            scaffold, update_op, eval_dict, all_hooks = self._evaluate_build_graph(input_fn, hooks, checkpoint_path)
            return self._evaluate_run(
                checkpoint_path, scaffold, update_op, eval_dict, all_hooks, output_dir=self.eval_dir(name)
            )

    def _convert_eval_steps_to_hooks(self, steps: int | None) -> list[SessionRunHook]:
        if steps is None:
            return []
        if steps <= 0:
            raise ValueError(f"Must specify steps > 0, given: {steps}")
        return [StopAfterNEvalsHook(num_evals=steps)]

    def _evaluate_build_graph(
        self, input_fn: Callable, hooks: Any = None, checkpoint_path: str | None = None
    ) -> tuple[Any, Any, dict[str, Any], list]:
        """The evaluation in the default graph: scaffold, update of all metrics, their values, hooks."""
        set_random_seed(self._config.tf_random_seed)
        self._create_and_assert_global_step(get_default_graph())
        scaffold, evaluation_hooks, input_hooks, update_op, eval_dict = self._call_model_fn_eval(input_fn, self.config)
        self._maybe_warm_start(checkpoint_path)
        if GraphKeys.GLOBAL_STEP in eval_dict:
            raise ValueError(
                "Metric with name `global_step` is not allowed, because Estimator already defines a default metric "
                "with the same name."
            )
        eval_dict[GraphKeys.GLOBAL_STEP] = get_global_step(get_default_graph())
        all_hooks = [*input_hooks, *(hooks or []), *(evaluation_hooks or [])]
        return evaluation_scaffold(scaffold), update_op, eval_dict, all_hooks

    def _call_model_fn_eval(self, input_fn: Callable, config: Any) -> tuple[Any, Any, Any, Any, Any]:
        features, labels, input_hooks = self._get_features_and_labels_from_input_fn(input_fn, ModeKeys.EVAL)
        spec = self._call_model_fn(features, labels, ModeKeys.EVAL, config)
        metrics = verify_and_create_loss_metric(spec.eval_metric_ops, spec.loss)
        return spec.scaffold, spec.evaluation_hooks, input_hooks, *extract_metric_update_ops(metrics)

    def _evaluate_run(
        self, checkpoint_path: Any, scaffold: Any, update_op: Any, eval_dict: Any, all_hooks: Any, output_dir: str
    ) -> dict[str, Any]:
        results = evaluate_once(
            checkpoint_path=checkpoint_path,
            master=self._config.evaluation_master,
            scaffold=scaffold,
            eval_ops=update_op,
            final_ops=eval_dict,
            hooks=all_hooks,
            config=self._session_config,
        )
        step = results[GraphKeys.GLOBAL_STEP]
        write_dict_to_summary(output_dir, results, step)
        if checkpoint_path:
            write_checkpoint_path_to_summary(output_dir, checkpoint_path, step)
        return results

    # ---------------------------------------------------------------- prediction

    def predict(
        self,
        input_fn: Callable,
        predict_keys: Any = None,
        hooks: Any = None,
        checkpoint_path: str | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """The predictions, one example after the other, as arrays or dicts of arrays.

        Args:
          input_fn: makes the input; labels are ignored.
          predict_keys: the names of the predictions wanted; None for all.
          hooks: `SessionRunHook`s.
          checkpoint_path: the checkpoint; None takes the newest, or initial values if there is none.
          yield_single_examples: False gives whole batches.

        Raises:
          ValueError: none of the predictions has such a name, or their batches have different lengths.
        """
        hooks = _check_hooks_type(hooks)
        if not checkpoint_path:
            checkpoint_path = checkpoint_management.latest_checkpoint(self._model_dir)
        if not checkpoint_path:
            logging.info(
                f"Could not find trained model in model_dir: {self._model_dir}, running initialization to predict."
            )
        with Graph().as_default() as graph:
            set_random_seed(self._config.tf_random_seed)
            self._create_and_assert_global_step(graph)
            features, input_hooks = self._get_features_from_input_fn(input_fn, ModeKeys.PREDICT)
            spec = self._call_model_fn(features, None, ModeKeys.PREDICT, self.config)
            self._maybe_warm_start(checkpoint_path)
            predictions = self._extract_keys(spec.predictions, predict_keys)
            creator = ChiefSessionCreator(
                checkpoint_filename_with_path=checkpoint_path,
                master=self._config.master,
                scaffold=spec.scaffold,
                config=self._session_config,
            )
            all_hooks = [*input_hooks, *hooks, *(spec.prediction_hooks or [])]
            with MonitoredSession(session_creator=creator, hooks=all_hooks) as session:
                while not session.should_stop():
                    batch = session.run(predictions)
                    if not yield_single_examples:
                        yield batch
                    elif isinstance(predictions, dict):
                        for i in range(self._extract_batch_length(batch)):
                            yield {key: value[i] for key, value in batch.items()}
                    else:
                        yield from batch

    def _extract_batch_length(self, preds_evaluated: dict[str, Any]) -> int:
        length = 0
        for key, value in preds_evaluated.items():
            length = length or value.shape[0]
            if value.shape[0] != length:
                raise ValueError(
                    f"Batch length of predictions should be same. {key} has different batch length than others."
                )
        return length

    def _extract_keys(self, predictions: Any, predict_keys: Any) -> Any:
        if not predict_keys:
            return predictions
        if not isinstance(predictions, dict):
            raise ValueError("predict_keys argument is not valid in case of non-dict predictions.")
        wanted = {key: value for key, value in predictions.items() if key in predict_keys}
        if not wanted:
            raise ValueError(f"Expected to run at least one output from {predictions.keys()}, provided {predict_keys}.")
        return wanted

    def _maybe_warm_start(self, checkpoint_path: str | None) -> None:
        if not checkpoint_path and self._warm_start_settings:
            logging.info(f"Warm-starting with WarmStartSettings: {self._warm_start_settings}")
            warm_start(*self._warm_start_settings)

    def _assert_members_are_not_overridden(self) -> None:
        _assert_members_are_not_overridden(Estimator, self)


class EstimatorV2(Estimator):
    """An `Estimator` without what TensorFlow 2 has no more."""

    @property
    def export_savedmodel(self) -> Any:  # type: ignore[override]
        raise AttributeError(
            "`Estimator.export_savedmodel` has been deprecated. Please use `export_saved_model` instead."
        )

    def _assert_members_are_not_overridden(self) -> None:
        _assert_members_are_not_overridden(EstimatorV2, self)

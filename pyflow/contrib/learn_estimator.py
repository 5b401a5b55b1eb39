"""What estimators of tf.contrib.learn share, as they were before tf.estimator.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/learn/Estimator
"""

from __future__ import annotations

import abc
import copy
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.contrib.learn_feeding import get_input_fn, verify_input_args
from pyflow.contrib.learn_model_fn import ModelFnOps
from pyflow.contrib.learn_run_config import RunConfig
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.scopes import add_to_collection, get_collection
from pyflow.core.seeds import set_random_seed
from pyflow.core.sparse_tensor import SparseTensorValue
from pyflow.estimator.evaluation_results import write_dict_to_summary
from pyflow.estimator.training_run import replica_device_setter_of
from pyflow.ops.control_flow import group
from pyflow.platform import logging
from pyflow.protos.config_pb2 import ConfigProto
from pyflow.train.checkpoint_management import latest_checkpoint
from pyflow.train.checkpoint_reader import list_variables, load_variable
from pyflow.train.evaluation import StopAfterNEvalsHook, evaluate_once
from pyflow.train.global_step import _get_or_create_global_step_read, create_global_step
from pyflow.train.monitored_session import MonitoredSession, MonitoredTrainingSession
from pyflow.train.saver import Saver
from pyflow.train.saving_hooks import CheckpointSaverHook
from pyflow.train.scaffold import Scaffold
from pyflow.train.session_creators import ChiefSessionCreator
from pyflow.train.step_hooks import StopAtStepHook
from pyflow.train.tensor_hooks import FeedFnHook, LoggingTensorHook, NanTensorHook


class NotFittedError(ValueError, AttributeError):
    """A model is used that hasn't been trained."""


@export("contrib.learn.BaseEstimator")
class BaseEstimator(abc.ABC):
    """What estimators share; a subclass makes the model in `_get_train_ops`, `_get_eval_ops`, `_get_predict_ops`.

    Args:
      model_dir: the folder of checkpoints and event files; None takes that of `config`, or a new temporary one.
      config: a `RunConfig`.

    Raises:
      ValueError: the folders differ.
    """

    def __init__(self, model_dir: str | None = None, config: Any = None):
        if config is None:
            config = RunConfig()
            logging.info("Using default config.")
        self._config = config
        self._session_config = config.session_config or ConfigProto(allow_soft_placement=True)
        if model_dir is not None and config.model_dir not in (None, model_dir):
            raise ValueError(
                "model_dir are set both in constructor and RunConfig, but with different values. In constructor: "
                f"'{model_dir}', in RunConfig: '{config.model_dir}' "
            )
        self._model_dir: Any = model_dir or config.model_dir
        if self._model_dir is None:
            self._model_dir = tempfile.mkdtemp()
            logging.warning("Using temporary folder as model directory: %s", self._model_dir)
        if config.model_dir is None:
            self._config = config.replace(model_dir=self._model_dir)
        logging.info("Using config: %s", str(vars(self._config)))
        self._device_fn = replica_device_setter_of(self._config)
        self._labels_info: Any = None
        self._graph: Any = None

    config: Any = property(lambda self: copy.deepcopy(self._config))
    model_dir: Any = property(lambda self: self._model_dir)

    @abc.abstractmethod
    def _get_train_ops(self, features: Any, labels: Any) -> ModelFnOps:
        """The model for training."""

    @abc.abstractmethod
    def _get_predict_ops(self, features: Any) -> ModelFnOps:
        """The model for prediction."""

    def _get_eval_ops(self, features: Any, labels: Any, metrics: Any) -> ModelFnOps:
        raise NotImplementedError("_get_eval_ops not implemented in BaseEstimator")

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Callable | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        monitors: Any = None,
        max_steps: int | None = None,
    ) -> Any:
        """Trains the model from the newest checkpoint on.

        Args:
          x, y: features and labels as arrays, in batches of `batch_size`; or
          input_fn: makes (features, labels).
          steps: after how many further steps to stop.
          max_steps: at which global step to stop.
          monitors: hooks.

        Raises:
          ValueError: both numbers of steps are given, or both inputs, or none.
        """
        if steps is not None and max_steps is not None:
            raise ValueError("Can not provide both steps and max_steps.")
        verify_input_args(x, y, input_fn, None, batch_size)
        if x is not None:
            _sk_compat(self).fit(x, y, batch_size, steps, max_steps, monitors)
            return self
        path = latest_checkpoint(self._model_dir)
        if max_steps is not None and path and max_steps <= load_variable(path, GraphKeys.GLOBAL_STEP):
            logging.info("Skipping training since max_steps has already saved.")
            return self
        hooks = as_hooks(monitors, self)
        if steps is not None or max_steps is not None:
            hooks.append(StopAtStepHook(steps, max_steps))
        loss = self._train_model(input_fn=input_fn, hooks=hooks)
        logging.info("Loss for final step: %s.", loss)
        return self

    def partial_fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Callable | None = None,
        steps: int | None = 1,
        batch_size: int | None = None,
        monitors: Any = None,
    ) -> Any:
        """As `fit`, by default for one step."""
        logging.warning(
            "The current implementation of partial_fit is not optimized for use in a loop. Consider using fit() "
            "instead."
        )
        return self.fit(x, y, input_fn, steps, batch_size, monitors)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Callable | None = None,
        feed_fn: Callable | None = None,
        batch_size: int | None = None,
        steps: int | None = None,
        metrics: Any = None,
        name: str | None = None,
        checkpoint_path: str | None = None,
        hooks: Any = None,
        log_progress: bool = True,
    ) -> Any:
        """The metrics of a checkpoint, with "global_step".

        Args:
          x, y, input_fn, batch_size: as for `fit`.
          feed_fn: gives what to feed in each step.
          steps: how many batches; None: all.
          metrics: further metrics, `MetricSpec`s by name.
          name: the evaluation's name, if there are several.

        Raises:
          NotFittedError: there is no checkpoint.
          ValueError: `metrics` is no dict, or both inputs are given, or none.
        """
        verify_input_args(x, y, input_fn, feed_fn, batch_size)
        if x is not None:
            return _sk_compat(self).score(x, y, batch_size, steps, metrics, name)  # type: ignore[arg-type]
        if metrics is not None and not isinstance(metrics, dict):
            raise ValueError(f"Metrics argument should be None or dict. Got {metrics}.")
        results, step = self._evaluate_model(
            input_fn, steps, feed_fn, metrics, name, checkpoint_path, hooks, log_progress
        )
        results["global_step"] = step
        return results

    def predict(
        self,
        x: Any = None,
        input_fn: Callable | None = None,
        batch_size: int | None = None,
        outputs: Any = None,
        as_iterable: bool = True,
        iterate_batches: bool = False,
    ) -> Any:
        """The predictions: one example after the other, or batches of them; or at once if not `as_iterable`.

        Raises:
          NotFittedError: there is no checkpoint.
        """
        verify_input_args(x, None, input_fn, None, batch_size)
        if x is not None and not as_iterable:
            return _sk_compat(self).predict(x, batch_size)  # type: ignore[arg-type]
        input_fn, feed_fn = get_input_fn(x, None, input_fn, None, batch_size)
        return self._infer_model(input_fn, feed_fn, outputs, as_iterable, iterate_batches)

    def get_variable_value(self, name: str) -> Any:
        """The value of a variable in the newest checkpoint."""
        return load_variable(self.model_dir, name)

    def get_variable_names(self) -> list[str]:
        """The names of what is in the newest checkpoint."""
        return [name for name, _ in list_variables(self.model_dir)]

    def _trained_checkpoint(self) -> str:
        path = latest_checkpoint(self._model_dir)
        if not path:
            raise NotFittedError(f"Couldn't find trained model at {self._model_dir}.")
        return path

    def _train_model(self, input_fn: Any, hooks: list) -> Any:
        self._graph = Graph()
        with self._graph.as_default() as graph, graph.device(self._device_fn):
            set_random_seed(self._config.tf_random_seed)
            step = create_global_step(graph)
            features, labels = input_fn()
            self._labels_info = labels
            _get_or_create_global_step_read()
            ops = self._get_train_ops(features, labels)
            add_to_collection(GraphKeys.LOSSES, ops.loss)
            logged = {"loss": ops.loss, "step": step}
            hooks = [*hooks, NanTensorHook(ops.loss), LoggingTensorHook(logged, every_n_iter=100)]
            scaffold = ops.scaffold or Scaffold()
            config = self._config
            if not (scaffold.saver or get_collection(GraphKeys.SAVERS)):
                saver = Saver(
                    sharded=True,
                    max_to_keep=config.keep_checkpoint_max,
                    keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours,
                    defer_build=True,
                    save_relative_paths=True,
                )
                add_to_collection(GraphKeys.SAVERS, saver)
            chief_hooks: list[Any] = []
            saves = any(
                isinstance(h, CheckpointSaverHook) for h in (*hooks, *ops.training_hooks, *ops.training_chief_hooks)
            )
            if not saves and (config.save_checkpoints_secs or config.save_checkpoints_steps):
                chief_hooks.append(
                    CheckpointSaverHook(
                        self._model_dir,
                        save_secs=config.save_checkpoints_secs,
                        save_steps=config.save_checkpoints_steps,
                        scaffold=scaffold,
                    )
                )
            with MonitoredTrainingSession(
                master=config.master,
                is_chief=config.is_chief,
                checkpoint_dir=self._model_dir,
                scaffold=scaffold,
                hooks=hooks + ops.training_hooks,
                chief_only_hooks=chief_hooks + ops.training_chief_hooks,
                save_checkpoint_secs=0,  # one of the hooks saves
                save_summaries_steps=config.save_summary_steps,
                max_wait_secs=config.session_creation_timeout_secs,
                config=self._session_config,
            ) as session:
                loss = None
                while not session.should_stop():
                    _, loss = session.run([ops.train_op, ops.loss])
            return loss

    def _evaluate_model(
        self,
        input_fn: Any,
        steps: int | None,
        feed_fn: Any = None,
        metrics: Any = None,
        name: str | None = "",
        checkpoint_path: str | None = None,
        hooks: Any = None,
        log_progress: bool = True,
    ) -> tuple[dict[str, Any], Any]:
        checkpoint_path = checkpoint_path or self._trained_checkpoint()
        with Graph().as_default() as graph:
            set_random_seed(self._config.tf_random_seed)
            step = create_global_step(graph)
            features, labels = input_fn()
            ops = self._get_eval_ops(features, labels, metrics)
            pairs = {key: metric for key, metric in ops.eval_metric_ops.items() if isinstance(metric, (list, tuple))}
            updates = [metric[1] for metric in pairs.values()]
            values = {key: pairs[key][0] if key in pairs else metric for key, metric in ops.eval_metric_ops.items()}
            hooks = list(hooks or [])
            if feed_fn:
                hooks.append(FeedFnHook(feed_fn))
            if steps == 0:
                logging.warning(
                    "evaluation steps are 0. If `input_fn` does not raise `OutOfRangeError`, the evaluation will never "
                    "stop. Use steps=None if intended."
                )
            if steps:
                hooks.append(StopAfterNEvalsHook(steps, log_progress=log_progress))
            key = "global_step"
            while key in values:
                key = f"_{key}"
            values[key] = step
            results = evaluate_once(
                checkpoint_path=checkpoint_path,
                master=self._config.evaluation_master,
                scaffold=ops.scaffold,
                eval_ops=group(*updates) if updates else None,
                final_ops=values,
                hooks=hooks,
                config=self._session_config,
            )
            folder = os.path.join(self._model_dir, f"eval_{name}" if name else "eval")
            write_dict_to_summary(folder, results, results[key])
        return results, results[key]

    def _infer_model(
        self,
        input_fn: Any,
        feed_fn: Any = None,
        outputs: Any = None,
        as_iterable: bool = True,
        iterate_batches: bool = False,
    ) -> Any:
        path = self._trained_checkpoint()
        with Graph().as_default() as graph:
            set_random_seed(self._config.tf_random_seed)
            create_global_step(graph)
            features = input_fn()
            ops = self._get_predict_ops(features[0] if isinstance(features, (list, tuple)) else features)
            predictions = _filtered(ops.predictions, outputs)
            creator = ChiefSessionCreator(
                checkpoint_filename_with_path=path, scaffold=ops.scaffold, config=self._session_config
            )
            session = MonitoredSession(session_creator=creator)
            if as_iterable:
                return self._predict_generator(session, predictions, feed_fn, iterate_batches)
            with session:
                if not session.should_stop():
                    return session.run(predictions, feed_fn() if feed_fn else None)
        return None

    def _predict_generator(self, session: Any, predictions: Any, feed_fn: Any, iterate_batches: bool) -> Iterator[Any]:
        with session:
            while not session.should_stop():
                try:
                    fed = feed_fn() if feed_fn else None
                except StopIteration:  # a generator may not pass it on
                    return
                batch = session.run(predictions, fed)
                if iterate_batches:
                    yield batch
                elif not isinstance(predictions, dict):
                    yield from batch
                else:
                    first = next(iter(batch.values()))
                    length = first.dense_shape[0] if isinstance(first, SparseTensorValue) else first.shape[0]
                    for i in range(length):
                        yield {key: value[i] for key, value in batch.items()}
                if feed_fn is None and not session.graph.get_collection(GraphKeys.QUEUE_RUNNERS):
                    return  # the input is constant


def _sk_compat(estimator: Any) -> Any:
    from pyflow.contrib.learn_models import SKCompat  # which needs this module

    return SKCompat(estimator)


def _filtered(predictions: Any, outputs: Any) -> Any:
    if not outputs:
        return predictions
    if not isinstance(predictions, dict):
        raise ValueError("outputs argument is not valid in case of non-dict predictions.")
    wanted = {key: value for key, value in predictions.items() if key in outputs}
    if not wanted:
        raise ValueError(f"Expected to run at least one output from {predictions.keys()}, provided {outputs}.")
    return wanted


def as_hooks(monitors: Any, estimator: Any) -> list[Any]:
    """Monitors as hooks; those that need the estimator get it."""
    hooks = list(monitors or [])
    for hook in hooks:
        if hasattr(hook, "set_estimator"):
            hook.set_estimator(estimator)
    return hooks

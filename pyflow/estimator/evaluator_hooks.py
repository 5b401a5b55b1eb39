"""Hooks that evaluate while a model is trained, or wait for checkpoints.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/experimental/InMemoryEvaluatorHook
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.scopes import get_collection
from pyflow.estimator.estimator_checks import _check_hooks_type
from pyflow.estimator.training_run import load_global_step
from pyflow.ops.control_flow import group
from pyflow.ops.placeholder import placeholder
from pyflow.ops.state import assign
from pyflow.train.global_step import _get_or_create_global_step_read
from pyflow.train.scaffold import Scaffold
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunHook
from pyflow.train.step_hooks import SecondOrStepTimer, StopAtStepHook


@export("estimator.experimental.InMemoryEvaluatorHook", "contrib.estimator.InMemoryEvaluatorHook")
class InMemoryEvaluatorHook(SessionRunHook):
    """Evaluates the model that is trained, without a checkpoint: variables go over by value.

    It does so at the beginning, each `every_n_iter` steps, and at the end.

    Args:
      estimator: the `Estimator` that is trained.
      input_fn, steps, hooks, name: as for `Estimator.evaluate`.

    Raises:
      ValueError: `every_n_iter` is not positive, or there are several workers.
    """

    def __init__(
        self,
        estimator: Any,
        input_fn: Callable,
        steps: int | None = None,
        hooks: Any = None,
        name: str | None = None,
        every_n_iter: int = 100,
    ):
        if every_n_iter is None or every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        if estimator.config.num_ps_replicas > 0 or estimator.config.num_worker_replicas > 1:
            raise ValueError("InMemoryEvaluator supports only single machine (aka Local) setting.")
        self._estimator = estimator
        self._input_fn = input_fn
        self._steps = steps
        self._name = name
        self._every_n_iter = every_n_iter
        self._eval_dir = estimator.eval_dir(name)
        self._hooks = _check_hooks_type(hooks)
        self._hooks.extend(estimator._convert_eval_steps_to_hooks(steps))
        self._timer = SecondOrStepTimer(every_steps=every_n_iter)

    def begin(self) -> None:
        """Makes the graph of the evaluation.

        Raises:
          ValueError: the model has a saver or `init_fn` of its own.
        """
        self._timer.reset()
        self._iter_count = 0
        self._graph = Graph()
        with self._graph.as_default():
            self._scaffold, self._update_op, self._eval_dict, self._all_hooks = self._estimator._evaluate_build_graph(
                self._input_fn, self._hooks, checkpoint_path=None
            )
            if self._scaffold.saver is not None:
                raise ValueError("InMemoryEvaluator does not support custom saver")
            if self._scaffold.init_fn is not None:
                raise ValueError("InMemoryEvaluator does not support custom init_fn")
            self._eval_variables = {v.name: v for v in get_collection(GraphKeys.GLOBAL_VARIABLES)}
            self._placeholders = {name: placeholder(v.dtype) for name, v in self._eval_variables.items()}

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Evaluates for the first time.

        Raises:
          ValueError: the graph saves other things than variables.
        """
        if get_collection(GraphKeys.SAVEABLE_OBJECTS):
            raise ValueError("InMemoryEvaluator does not support saveables other than global variables.")
        trained = {v.name: v for v in get_collection(GraphKeys.GLOBAL_VARIABLES)}
        self._train_variables = {name: trained[name] for name in self._placeholders if name in trained}
        with self._graph.as_default():
            self._take_over = group(
                [assign(self._eval_variables[name], self._placeholders[name]) for name in self._train_variables]
            )
        self._evaluate(session)

    def _evaluate(self, train_session: Any) -> None:
        values = train_session.run(self._train_variables)
        fed = {self._placeholders[name]: value for name, value in values.items()}

        def feed_variables(scaffold: Any, session: Any) -> None:
            session.run(self._take_over, feed_dict=fed)

        scaffold = Scaffold(init_fn=feed_variables, copy_from_scaffold=self._scaffold)
        scaffold._user_init_fn = feed_variables
        with self._graph.as_default():
            self._estimator._evaluate_run(
                checkpoint_path=None,
                scaffold=scaffold,
                update_op=self._update_op,
                eval_dict=self._eval_dict,
                all_hooks=self._all_hooks,
                output_dir=self._eval_dir,
            )
        self._timer.update_last_triggered_step(self._iter_count)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._iter_count += 1
        if self._timer.should_trigger_for_step(self._iter_count):
            self._evaluate(run_context.session)

    def end(self, session: Any) -> None:
        self._evaluate(session)


class _StopAtCheckpointStepHook(SessionRunHook):
    """Asks to stop when a checkpoint of the last step, or a later one, is there.

    Raises:
      ValueError: an argument is None.
    """

    def __init__(self, model_dir: str | None, last_step: int | None, wait_after_file_check_secs: float = 30):
        if last_step is None:
            raise ValueError("last_step must be specified.")
        if model_dir is None:
            raise ValueError("model_dir must be specified.")
        self._model_dir = model_dir
        self._last_step = last_step
        self._wait_after_file_check_secs = wait_after_file_check_secs

    def begin(self) -> None:
        self._global_step_tensor = _get_or_create_global_step_read()
        if self._global_step_tensor is None:
            raise RuntimeError("Global step should be created to use StopAtCheckpointStepHook.")

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if run_values.results + 1 >= self._last_step:
            if load_global_step(self._model_dir) >= self._last_step:
                run_context.request_stop()
            else:
                time.sleep(self._wait_after_file_check_secs)


@export(
    "estimator.experimental.make_stop_at_checkpoint_step_hook", "contrib.estimator.make_stop_at_checkpoint_step_hook"
)
def make_stop_at_checkpoint_step_hook(
    estimator: Any, last_step: int, wait_after_file_check_secs: float = 30
) -> SessionRunHook:
    """A hook that asks to stop at a step; workers that aren't the chief wait for its checkpoint.

    Args:
      estimator: the `Estimator` that is trained.
      last_step: the global step.
      wait_after_file_check_secs: seconds between two looks.
    """
    if estimator.config.is_chief:
        return StopAtStepHook(last_step=last_step)
    return _StopAtCheckpointStepHook(estimator.model_dir, last_step, wait_after_file_check_secs)

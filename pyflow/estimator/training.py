"""`tf.estimator.train_and_evaluate`: training with evaluations in between, alone or as a task of a cluster.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/train_and_evaluate
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.estimator.cluster_settings import TaskType
from pyflow.estimator.estimator import Estimator
from pyflow.estimator.train_and_eval_specs import EvalSpec, TrainSpec, assert_eval_spec, validate_hooks
from pyflow.estimator.training_evaluator import (
    _ContinuousEvalListener,
    _EvalResult,
    _EvalStatus,
    _Evaluator,
    _NewCheckpointListenerForEvaluate,
)
from pyflow.platform import logging
from pyflow.protos.config_pb2 import ConfigProto
from pyflow.train.server_lib import Server
from pyflow.train.session_run_hook import SessionRunHook

_MAX_DELAY_SECS = 60
_DELAY_SECS_PER_WORKER = 5
_TRAINER_JOBS = (TaskType.CHIEF, TaskType.MASTER, TaskType.WORKER)


@export("estimator.train_and_evaluate")
def train_and_evaluate(estimator: Any, train_spec: Any, eval_spec: Any) -> Any:
    """Trains an estimator, and evaluates and exports it whenever it has saved a checkpoint.

    In a cluster, which TF_CONFIG describes, it does the part of this task.

    Args:
      estimator: an `Estimator`.
      train_spec: a `TrainSpec`.
      eval_spec: an `EvalSpec`.

    Returns:
      Outside of a cluster, the last evaluation's metrics and what the exporters gave; else None.

    Raises:
      ValueError: the evaluator isn't the first, or the task is of an unknown type.
      TypeError: an argument is of another type.
    """
    assert_eval_spec(eval_spec)
    executor = _TrainingExecutor(estimator=estimator, train_spec=train_spec, eval_spec=eval_spec)
    config = estimator.config
    logging.info("Not using Distribute Coordinator.")
    if config.task_type == TaskType.EVALUATOR and config.task_id > 0:
        raise ValueError(
            "For distributed training, there can only be one `evaluator` task (with task id 0).  Given task id "
            f"{config.task_id}"
        )
    return executor.run()


class _StopAtSecsHook(SessionRunHook):
    """Asks to stop after some seconds."""

    def __init__(self, stop_after_secs: float):
        self._stop_after_secs = stop_after_secs
        self._start_time = 0.0

    def begin(self) -> None:
        self._start_time = time.time()

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if time.time() - self._start_time >= self._stop_after_secs:
            run_context.request_stop()


class _TrainingExecutor:
    """The parts of the tasks of a cluster: `run_chief`, `run_worker` and so on, `run_local` without one.

    Raises:
      TypeError: an argument is of another type.
    """

    _Evaluator = _Evaluator

    def __init__(
        self,
        estimator: Any,
        train_spec: Any,
        eval_spec: Any,
        train_hooks: Any = None,
        continuous_eval_listener: Any = None,
    ):
        if not isinstance(estimator, Estimator):
            raise TypeError(f"`estimator` must have type `tf.estimator.Estimator`. Got: {type(estimator)}")
        self._estimator = estimator
        if not isinstance(train_spec, TrainSpec):
            raise TypeError(f"`train_spec` must have type `tf.estimator.TrainSpec`. Got: {type(train_spec)}")
        self._train_spec = train_spec
        if eval_spec and not isinstance(eval_spec, EvalSpec):
            raise TypeError(
                f"`eval_spec` must be either `None` or have type `tf.estimator.EvalSpec`. Got: {type(eval_spec)}"
            )
        self._eval_spec: Any = eval_spec
        self._train_hooks = validate_hooks(train_hooks)
        if continuous_eval_listener and not isinstance(continuous_eval_listener, _ContinuousEvalListener):
            raise TypeError("`continuous_eval_listener` must have type `_ContinuousEvalListener`.")
        self._continuous_eval_listener = continuous_eval_listener or _ContinuousEvalListener()

    @property
    def estimator(self) -> Any:
        return self._estimator

    def run(self) -> Any:
        """Does this task's part."""
        config = self._estimator.config
        if not config.cluster_spec and config.task_type != TaskType.EVALUATOR:
            logging.info("Running training and evaluation locally (non-distributed).")
            return self.run_local()
        if not config.task_type:
            raise ValueError(
                "`estimator.config` must have task_type set. This usually means TF_CONFIG environment is not set "
                "correctly."
            )
        if config.task_type == "local":
            raise ValueError(
                "`task.type` in TF_CONFIG cannot be `local`. Leaving `cluster` and `task` properties in TF_CONFIG "
                "absent triggers train and evaluate `Estimator` locally (non-distributed)."
            )
        tasks = [name for name in dir(self) if name.startswith("run_") and name != "run_local"]
        tasks = [name for name in tasks if callable(getattr(self, name))]
        name = f"run_{config.task_type}"
        if name not in tasks:
            supported = [task.removeprefix("run_") for task in tasks]
            raise ValueError(f"Task type {config.task_type} is not supported. Supported task types are {supported}")
        return getattr(self, name)()

    def run_chief(self) -> Any:
        return self._start_distributed_training()

    def run_worker(self) -> Any:
        return self._start_distributed_training()

    def run_master(self) -> None:
        """Trains, and evaluates in between."""
        assert_eval_spec(self._eval_spec)
        evaluator = _Evaluator(self._estimator, self._eval_spec, self._train_spec.max_steps)
        listener = _NewCheckpointListenerForEvaluate(
            evaluator, self._eval_spec.throttle_secs, _ContinuousEvalListener()
        )
        self._start_distributed_training(saving_listeners=[listener])

    def run_evaluator(self) -> Any:
        return self._start_continuous_evaluation()

    def run_ps(self) -> None:
        """Serves variables, without end."""
        self._start_std_server(self._estimator.config).join()

    def run_local(self) -> tuple[Any, Any]:
        """Trains, and evaluates in between; gives the last metrics and exports."""
        assert_eval_spec(self._eval_spec)
        config = self._estimator.config
        logging.info(
            "Start train and evaluate loop. The evaluate will happen after every checkpoint. Checkpoint frequency is "
            f"determined based on RunConfig arguments: save_checkpoints_steps {config.save_checkpoints_steps} or "
            f"save_checkpoints_secs {config.save_checkpoints_secs}."
        )
        evaluator = _Evaluator(self._estimator, self._eval_spec, self._train_spec.max_steps)
        listener = _NewCheckpointListenerForEvaluate(
            evaluator, self._eval_spec.throttle_secs, self._continuous_eval_listener
        )
        self._train([listener])
        result = listener.eval_result or _EvalResult(_EvalStatus.MISSING_CHECKPOINT)
        return result.metrics, listener.export_results

    def _train(self, saving_listeners: Any) -> None:
        self._estimator.train(
            input_fn=self._train_spec.input_fn,
            max_steps=self._train_spec.max_steps,
            hooks=[*self._train_spec.hooks, *self._train_hooks],
            saving_listeners=saving_listeners,
        )

    def _start_std_server(self, config: Any) -> Any:
        if not config.cluster_spec or not config.task_type or config.task_id is None:
            raise RuntimeError(
                "Could not start server; be sure to specify cluster_spec, task_type, and task in RunConfig or set the "
                "TF_CONFIG environment variable."
            )
        if not config.master:
            jobs = config.cluster_spec.jobs
            is_alone = len(jobs) == 1 and len(config.cluster_spec.job_tasks(jobs[0])) == 1
            if is_alone and config.task_type in _TRAINER_JOBS:
                logging.info("Skip starting Tensorflow server as there is only one node in the cluster.")
                return None
            raise RuntimeError(
                "Could not start server; be sure to specify master in RunConfig or set the TF_CONFIG environment "
                "variable."
            )
        logging.info("Start Tensorflow server.")
        session_config = ConfigProto(log_device_placement=False)
        if config.session_config is not None:
            session_config.gpu_options.CopyFrom(config.session_config.gpu_options)
        server = Server(
            config.cluster_spec,
            job_name=config.task_type,
            task_index=config.task_id,
            config=session_config,
            start=False,
            protocol=config.protocol,
        )
        server.start()
        return server

    def _start_distributed_training(self, saving_listeners: Any = None) -> None:
        config = self._estimator.config
        if json.loads(os.environ.get("TF_CONFIG") or "{}").get("environment") != "google":
            self._start_std_server(config)
        if config.task_type == TaskType.WORKER:
            # Workers start one after the other, so that the chief is the first.
            longest = config.experimental_max_worker_delay_secs
            delay = min(_MAX_DELAY_SECS if longest is None else longest, (config.task_id + 1) * _DELAY_SECS_PER_WORKER)
            if delay > 0:
                logging.info("Waiting %d secs before starting training.", delay)
                time.sleep(delay)
        self._train(saving_listeners)

    def _start_continuous_evaluation(self) -> None:
        """Evaluates new checkpoints until the training has come to its last step."""
        assert_eval_spec(self._eval_spec)
        delay = self._eval_spec.start_delay_secs
        if delay:
            logging.info("Waiting %f secs before starting eval.", delay)
            time.sleep(delay)
        evaluator = _Evaluator(self._estimator, self._eval_spec, self._train_spec.max_steps)
        last, result, should_stop = self._train_spec.max_steps, None, False
        while not should_stop:
            if result and result.status == _EvalStatus.EVALUATED:
                step = result.metrics.get(GraphKeys.GLOBAL_STEP)
                if step and last and step >= last:
                    logging.info("Exiting evaluation, global_step=%s >= train max_steps=%s", step, last)
                    return
            result, should_stop = self._execute_evaluator_once(
                evaluator, self._continuous_eval_listener, self._eval_spec.throttle_secs
            )

    def _execute_evaluator_once(
        self, evaluator: _Evaluator, continuous_eval_listener: Any, throttle_secs: float
    ) -> tuple[Any, bool]:
        """Evaluates once and waits for the next time; whether that was the last is the second answer."""
        assert_eval_spec(self._eval_spec)
        start = time.time()
        if not continuous_eval_listener.before_eval():
            logging.info("Exiting evaluation, as requested by _ContinuousEvalListener.before_eval.")
            return None, True
        result, _ = evaluator.evaluate_and_export()
        if not self._continuous_eval_listener.after_eval(result):
            logging.info("Exiting evaluation, as requested by _ContinuousEvalListener.after_eval.")
            return result, True
        left = throttle_secs - (time.time() - start)
        if left > 0:
            logging.info("Waiting %f secs before starting next eval run.", left)
            time.sleep(left)
        elif throttle_secs == 0 and result.status != _EvalStatus.EVALUATED:
            logging.warning(
                "EvalSpec.throttle_secs is set as 0. This might overload the job before finding (next) new checkpoint. "
                "Please consider to increase it."
            )
        return result, False

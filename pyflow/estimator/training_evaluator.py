"""Evaluation and export of checkpoints while a model is trained."""

from __future__ import annotations

import os
import time
from collections import namedtuple
from typing import Any

from pyflow.core.collections import GraphKeys
from pyflow.estimator.train_and_eval_specs import assert_eval_spec
from pyflow.platform import compat, logging
from pyflow.train.saving_hooks import CheckpointSaverListener
from pyflow.train.step_hooks import SecondOrStepTimer


class _EvalStatus:
    """What came of an attempt to evaluate."""

    EVALUATED = "evaluated"
    MISSING_CHECKPOINT = "missing checkpoint"
    NO_NEW_CHECKPOINT = "no new checkpoint"


class _EvalResult(namedtuple("EvalResult", ("status", "metrics", "checkpoint_path"))):
    """What came of an attempt to evaluate, with metrics and checkpoint if there was an evaluation.

    Raises:
      ValueError: these don't go with the status, or are missing.
      TypeError: the metrics are no dict.
    """

    __slots__ = ()

    def __new__(cls, status: str, metrics: Any = None, checkpoint_path: Any = None) -> _EvalResult:
        if status != _EvalStatus.EVALUATED:
            if metrics:
                raise ValueError(
                    f"metrics must be `None` if status is not {_EvalStatus.EVALUATED}; got status {status}, metrics "
                    f"{metrics}"
                )
            if checkpoint_path:
                raise ValueError(
                    f"checkpoint must be `None` if status is not {_EvalStatus.EVALUATED}; got status {status}, "
                    f"checkpoint_path {checkpoint_path}"
                )
            return super().__new__(cls, status, metrics, checkpoint_path)
        if not metrics:
            raise ValueError("Internal error: `Estimator.evaluate` should never return empty metrics.")
        if not isinstance(metrics, dict):
            raise TypeError(f"`Estimator.evaluate` should return dict. Given {type(metrics)}.")
        if GraphKeys.GLOBAL_STEP not in metrics:
            raise ValueError(
                f"Internal error: `Estimator.evaluate` result should have `global_step` in result. Given {metrics}"
            )
        if not checkpoint_path:
            raise ValueError("Internal error: `checkpoint_path` should never be empty.")
        return super().__new__(cls, status, metrics, checkpoint_path)


class _ContinuousEvalListener:
    """Told of each evaluation; False ends them."""

    def before_eval(self) -> bool:
        return True

    def after_eval(self, eval_result: _EvalResult) -> bool:
        return True


class _Evaluator:
    """Evaluates the newest checkpoint unless it has been already, and has the exporters export it."""

    def __init__(self, estimator: Any, eval_spec: Any, max_training_steps: int | None):
        self._estimator = estimator
        assert_eval_spec(eval_spec)
        self._eval_spec = eval_spec
        self._is_final_export_triggered = False
        self._previous_ckpt_path: str | None = None
        self._last_warning_time = 0.0
        self._max_training_steps = max_training_steps

    @property
    def is_final_export_triggered(self) -> bool:
        return self._is_final_export_triggered

    def evaluate_and_export(self) -> tuple[_EvalResult, list[Any]]:
        """The result, and what each exporter gave."""
        path = self._estimator.latest_checkpoint()
        if not path:
            self._log_err_msg("Estimator is not trained yet. Will start an evaluation when a checkpoint is ready.")
            return _EvalResult(_EvalStatus.MISSING_CHECKPOINT), []
        if path == self._previous_ckpt_path:
            self._log_err_msg(
                "No new checkpoint ready for evaluation. Skip the current evaluation pass as evaluation results are "
                "expected to be same for the same checkpoint."
            )
            return _EvalResult(_EvalStatus.NO_NEW_CHECKPOINT), []
        metrics = self._estimator.evaluate(
            input_fn=self._eval_spec.input_fn,
            steps=self._eval_spec.steps,
            name=self._eval_spec.name,
            checkpoint_path=path,
            hooks=self._eval_spec.hooks,
        )
        result = _EvalResult(_EvalStatus.EVALUATED, metrics, path)
        last = self._max_training_steps
        is_final = bool(result.metrics[GraphKeys.GLOBAL_STEP] >= last) if last else False
        exported = self._export_eval_result(result, is_final)
        if is_final:
            logging.debug("Calling exporter with the `is_the_final_export=True`.")
            self._is_final_export_triggered = True
        self._last_warning_time = 0
        self._previous_ckpt_path = path
        return result, exported

    def _log_err_msg(self, message: str) -> None:
        """Warns, every ten minutes at most."""
        now = time.time()
        if now - self._last_warning_time > 600:
            logging.warning(message)
            self._last_warning_time = now

    def _export_eval_result(self, eval_result: _EvalResult, is_the_final_export: bool) -> list[Any]:
        folder = os.path.join(compat.as_str_any(self._estimator.model_dir), "export")
        return [
            exporter.export(
                estimator=self._estimator,
                export_path=os.path.join(folder, exporter.name),
                checkpoint_path=eval_result.checkpoint_path,
                eval_result=eval_result.metrics,
                is_the_final_export=is_the_final_export,
            )
            for exporter in self._eval_spec.exporters
        ]


class _NewCheckpointListenerForEvaluate(CheckpointSaverListener):
    """Evaluates each checkpoint that is saved, but the first of a training, and not too often."""

    def __init__(self, evaluator: _Evaluator, eval_throttle_secs: float, continuous_eval_listener: Any):
        self._evaluator = evaluator
        self._eval_throttle_secs = eval_throttle_secs
        self._continuous_eval_listener = continuous_eval_listener
        self.eval_result: Any = None
        self.export_results: Any = None

    def begin(self) -> None:
        self._timer = SecondOrStepTimer(every_secs=self._eval_throttle_secs)
        self._is_first_run = True

    def after_save(self, session: Any, global_step_value: int) -> bool | None:
        if self._is_first_run:
            self._is_first_run = False
            return None
        if not self._continuous_eval_listener.before_eval():
            logging.info("Exiting training and evaluation loop, as requested by _ContinuousEvalListener.before_eval.")
            return True
        if not self._timer.should_trigger_for_step(global_step_value):
            logging.info(f"Skip the current checkpoint eval due to throttle secs ({self._eval_throttle_secs} secs).")
            return None
        self._evaluate(global_step_value)
        if not self._continuous_eval_listener.after_eval(self.eval_result):
            logging.info("Exiting evaluation, as requested by _ContinuousEvalListener.after_eval.")
            return True
        return None

    def end(self, session: Any, global_step_value: int) -> None:
        """Evaluates the last checkpoint, if that hasn't been done."""
        if global_step_value != self._timer.last_triggered_step() and self._continuous_eval_listener.before_eval():
            self._evaluate(global_step_value)
            self._continuous_eval_listener.after_eval(self.eval_result)

    def _evaluate(self, global_step_value: int) -> None:
        self._timer.update_last_triggered_step(global_step_value)
        self.eval_result, self.export_results = self._evaluator.evaluate_and_export()
        if self.eval_result.status != _EvalStatus.EVALUATED:
            raise RuntimeError(
                f"There was no new checkpoint after the training. Eval status: {self.eval_result.status}"
            )

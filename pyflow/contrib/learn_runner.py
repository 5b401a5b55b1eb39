"""tf.contrib.learn.learn_runner: running an `Experiment` as a task of a cluster, or alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.hparams import HParams
from pyflow.contrib.learn_experiment import Experiment
from pyflow.contrib.learn_run_config import RunConfig, TaskType
from pyflow.core.api import export
from pyflow.platform import logging


@export("contrib.learn.learn_runner.run")
def run(
    experiment_fn: Callable,
    output_dir: str | None = None,
    schedule: str | None = None,
    run_config: Any = None,
    hparams: Any = None,
) -> Any:
    """Makes an `Experiment` and calls one of its methods.

    Args:
      experiment_fn: a function of `output_dir`, or, if there is a `run_config`, of `run_config` and `hparams`.
      output_dir: the folder of the model.
      schedule: the method's name; by default what fits this task: "train_and_evaluate" outside of a cluster.
      run_config: a `tf.contrib.learn.RunConfig` with a folder, which the experiment's estimator has to use.
      hparams: an `HParams`.

    Raises:
      ValueError: arguments don't go together, or there is no such method.
      TypeError: something is of another type.
      RuntimeError: the estimator has another configuration.
    """
    if output_dir is not None and run_config is not None:
        raise ValueError("Cannot provide both `output_dir` and `run_config`")
    if output_dir is None and run_config is None:
        raise ValueError("Must set value for `output_dir` or `run_config`")
    if not callable(experiment_fn):
        raise TypeError(f'Experiment builder "{experiment_fn}" is not callable.')
    if run_config is not None:
        experiment = _checked(experiment_fn, run_config, hparams)
    else:
        if not output_dir:
            raise ValueError("Must specify an output directory")
        if hparams is not None:
            raise ValueError("Must set `hparams` as None for `experiment_fn` with `output_dir`.")
        experiment = _as_experiment(experiment_fn(output_dir=output_dir))
    return _execute_schedule(experiment, schedule or _get_default_schedule(run_config or experiment.estimator.config))


@export("contrib.learn.learn_runner.tune")
def tune(experiment_fn: Callable, tuner: Any) -> None:
    """Has a tuner run experiments as long as it has trials; `experiment_fn` takes `run_config` and `hparams`."""

    def checked(run_config: Any, hparams: Any) -> Experiment:
        if hparams is None:
            raise ValueError("`hparams` cannot be `None`.")
        return _checked(experiment_fn, run_config, hparams)

    while tuner.next_trial():
        tuner.run_experiment(checked)


def _as_experiment(made: Any) -> Experiment:
    if not isinstance(made, Experiment):
        raise TypeError(f"Experiment builder did not return an Experiment instance, got {type(made)} instead.")
    return made


def _checked(experiment_fn: Callable, run_config: Any, hparams: Any) -> Experiment:
    if not isinstance(run_config, RunConfig):
        raise ValueError("`run_config` must be `tf.contrib.learn.RunConfig` instance")
    if not run_config.model_dir:
        raise ValueError("Must specify a model directory `model_dir` in `run_config`.")
    if hparams is not None and not isinstance(hparams, HParams):
        raise ValueError("`hparams` must be `HParams` instance")
    expected = run_config.uid()
    experiment = _as_experiment(experiment_fn(run_config, hparams))
    config = experiment.estimator.config
    if not hasattr(config, "uid"):
        raise RuntimeError(
            "Pass `run_config` argument of the `experiment_fn` to the Estimator in Experiment. It is likely a "
            "different `RunConfig` is passed to `Estimator` or the `config` constructor argument in `Estimator` is "
            "not set."
        )
    if config.uid() != expected:
        raise RuntimeError(
            "`RunConfig` instance is expected to be used by the `Estimator` inside the `Experiment`. expected "
            f"{expected}, but got {config.uid()}"
        )
    return experiment


def _execute_schedule(experiment: Experiment, schedule: str) -> Any:
    task = getattr(experiment, schedule, None)
    if not callable(task):
        kind = "non-callable member" if hasattr(experiment, schedule) else "non-existent task"
        valid = [name for name in dir(experiment) if name[0] != "_" and callable(getattr(experiment, name))]
        logging.error(f"Schedule references {kind} %s", schedule)
        logging.error("Allowed values for this experiment are: %s", valid)
        error = TypeError if kind == "non-callable member" else ValueError
        raise error(f"Schedule references {kind} {schedule}")
    return task()


def _get_default_schedule(config: Any) -> str:
    """The method that fits a task."""
    cluster = config.cluster_spec if config else None
    if not cluster or sum(len(cluster.job_tasks(job)) for job in cluster.jobs) <= 1:
        return "train_and_evaluate"
    if not config.task_type:
        raise ValueError("Must specify a schedule")
    schedules = {TaskType.MASTER: "train_and_evaluate", TaskType.PS: "run_std_server", TaskType.WORKER: "train"}
    if config.task_type not in schedules:
        raise ValueError(f"No default schedule for task type: {config.task_type}")
    return schedules[config.task_type]

"""tf.contrib.slim.evaluation: checkpoints are evaluated once, or each new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.training import SummaryAtEndHook
from pyflow.core.api import export
from pyflow.summary.functions import merge_all
from pyflow.train import evaluation
from pyflow.train.evaluation import StopAfterNEvalsHook
from pyflow.train.saver import Saver
from pyflow.train.scaffold import Scaffold

_USE_DEFAULT: Any = 0

for _name in ("wait_for_new_checkpoint", "checkpoints_iterator"):
    export(f"contrib.slim.evaluation.{_name}")(getattr(evaluation, _name))


def _hooks(num_evals: int, logdir: str, summary_op: Any, feed_dict: Any, hooks: Any) -> list:
    if isinstance(summary_op, int) and summary_op == _USE_DEFAULT:
        summary_op = merge_all()
    made: list[Any] = [StopAfterNEvalsHook(num_evals)]
    if summary_op is not None:
        made.append(SummaryAtEndHook(log_dir=logdir, summary_op=summary_op, feed_dict=feed_dict))
    return made + list(hooks or [])


def _saver(variables: Any) -> Saver | None:
    return None if variables is None else Saver(variables)


@export("contrib.slim.evaluation.evaluate_once")
def evaluate_once(
    master: Any,
    checkpoint_path: str,
    logdir: str,
    num_evals: int = 1,
    initial_op: Any = None,
    initial_op_feed_dict: Any = None,
    eval_op: Any = None,
    eval_op_feed_dict: Any = None,
    final_op: Any = None,
    final_op_feed_dict: Any = None,
    summary_op: Any = _USE_DEFAULT,
    summary_op_feed_dict: Any = None,
    variables_to_restore: Any = None,
    session_config: Any = None,
    hooks: Any = None,
) -> Any:
    """Evaluates a checkpoint; gives the values of `final_op`.

    Args:
      logdir: where summaries are written at the end.
      num_evals: how often `eval_op` is run.
      initial_op: run before, in the place of the variables' initialisation.
      variables_to_restore: None for all.
      others: see `tf.contrib.training.evaluate_once`.
    """
    all_hooks = _hooks(num_evals, logdir, summary_op, summary_op_feed_dict, hooks)
    scaffold = Scaffold(init_op=initial_op, init_feed_dict=initial_op_feed_dict, saver=_saver(variables_to_restore))
    return evaluation.evaluate_once(
        checkpoint_path,
        master=master,
        scaffold=scaffold,
        eval_ops=eval_op,
        feed_dict=eval_op_feed_dict,
        final_ops=final_op,
        final_ops_feed_dict=final_op_feed_dict,
        hooks=all_hooks,
        config=session_config,
    )


@export("contrib.slim.evaluation.evaluation_loop")
def evaluation_loop(
    master: Any,
    checkpoint_dir: str,
    logdir: str,
    num_evals: int = 1,
    initial_op: Any = None,
    initial_op_feed_dict: Any = None,
    init_fn: Callable | None = None,
    eval_op: Any = None,
    eval_op_feed_dict: Any = None,
    final_op: Any = None,
    final_op_feed_dict: Any = None,
    summary_op: Any = _USE_DEFAULT,
    summary_op_feed_dict: Any = None,
    variables_to_restore: Any = None,
    eval_interval_secs: float = 60,
    max_number_of_evaluations: int | None = None,
    session_config: Any = None,
    timeout: float | None = None,
    timeout_fn: Callable | None = None,
    hooks: Any = None,
) -> Any:
    """Evaluates each new checkpoint of a folder; gives the last values of `final_op`.

    Args:
      eval_interval_secs: the least seconds between two evaluations.
      max_number_of_evaluations: None for no end.
      timeout: seconds to wait for a checkpoint; then `timeout_fn` says whether to stop.
      others: as in `evaluate_once`.
    """
    all_hooks = _hooks(num_evals, logdir, summary_op, summary_op_feed_dict, hooks)
    scaffold = Scaffold(
        init_op=initial_op,
        init_feed_dict=initial_op_feed_dict,
        init_fn=init_fn,
        saver=_saver(variables_to_restore),
    )
    return evaluation.evaluate_repeatedly(
        checkpoint_dir,
        master=master,
        scaffold=scaffold,
        eval_ops=eval_op,
        feed_dict=eval_op_feed_dict,
        final_ops=final_op,
        final_ops_feed_dict=final_op_feed_dict,
        eval_interval_secs=eval_interval_secs,
        hooks=all_hooks,
        config=session_config,
        max_number_of_evaluations=max_number_of_evaluations,
        timeout=timeout,
        timeout_fn=timeout_fn,
    )

"""A hook that keeps the positions of a program's iterators in checkpoints of their own.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/data/experimental/CheckpointInputPipelineHook
"""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.scopes import get_collection
from pyflow.data.iterator import GLOBAL_ITERATORS
from pyflow.data.iterator_state import IteratorSaveable
from pyflow.train.checkpoint_management import latest_checkpoint
from pyflow.train.saver import Saver
from pyflow.train.saving_hooks import CheckpointSaverHook
from pyflow.train.session_run_hook import SessionRunHook


@export("data.experimental.CheckpointInputPipelineHook", "contrib.data.CheckpointInputPipelineHook")
class CheckpointInputPipelineHook(SessionRunHook):
    """Saves where the iterators of the graph are, as often as an estimator saves its model, and goes on from there.

    The checkpoints are called `input.ckpt-STEP`, in the folder of the model; the file `checkpoint_input` names them.

    Args:
      estimator: a `tf.estimator.Estimator`.
    """

    def __init__(self, estimator: Any):
        config = estimator._config
        prefix = "input"
        if config.num_worker_replicas > 1:
            prefix += f"_{config.task_type}_{config.task_id}"
        # An estimator adds a hook for its model unless it is given one, so this must not be one of that class.
        self._checkpoint_saver_hook = CheckpointSaverHook(
            estimator.model_dir,
            save_secs=config.save_checkpoints_secs,
            save_steps=config.save_checkpoints_steps,
            checkpoint_basename=f"{prefix}.ckpt",
        )
        self._latest_filename = f"checkpoint_{prefix}"
        self._first_run = True

    def begin(self) -> None:
        hook = self._checkpoint_saver_hook
        if hook._saver is None and hook._scaffold is None:
            saveables = [IteratorSaveable(handle) for handle in get_collection(GLOBAL_ITERATORS)]
            hook._saver = _IteratorSaver(saveables, self._latest_filename)
        hook.begin()

    def before_run(self, run_context: Any) -> Any:
        # Not earlier: only now all hooks have done what they do to a new session, as initializing the iterators.
        if self._first_run:
            self._restore_or_save(run_context.session)
            self._first_run = False
        return self._checkpoint_saver_hook.before_run(run_context)

    def _restore_or_save(self, session: Any) -> None:
        hook = self._checkpoint_saver_hook
        path = latest_checkpoint(hook._checkpoint_dir, latest_filename=self._latest_filename)
        if path:
            hook._get_saver().restore(session, path)
            return
        step = session.run(hook._global_step_tensor)
        hook._save(session, step)
        hook._timer.update_last_triggered_step(step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._checkpoint_saver_hook.after_run(run_context, run_values)

    def end(self, session: Any) -> None:
        self._checkpoint_saver_hook.end(session)


class _IteratorSaver(Saver):
    """A saver whose checkpoints are named in a file of their own."""

    def __init__(self, var_list: Any, latest_filename: str):
        super().__init__(var_list)
        self._latest_filename = latest_filename

    def save(
        self,
        sess: Any,
        save_path: str,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        **options: Any,
    ) -> Any:
        return super().save(
            sess,
            save_path,
            global_step,
            latest_filename or self._latest_filename,
            meta_graph_suffix,
            write_meta_graph,
            write_state,
            strip_default_attrs,
            **options,
        )

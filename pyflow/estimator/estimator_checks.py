"""What an estimator checks of its arguments."""

from __future__ import annotations

import tempfile
from typing import Any

from pyflow.estimator import run_config
from pyflow.platform import compat, logging
from pyflow.train import checkpoint_management
from pyflow.train.saving_hooks import CheckpointSaverListener
from pyflow.train.session_run_hook import SessionRunHook


def _assert_members_are_not_overridden(cls: type, obj: Any) -> None:
    """Raises ValueError if a subclass overrides what it may not."""
    if type(obj).__name__ == "TPUEstimator":
        return
    members = {name for name in dir(cls) if not name.startswith("__")}
    allowed = {"model_fn", "_create_and_assert_global_step", "_export_all_saved_models"}
    own = vars(type(obj))
    overridden = [
        name
        for name in (members & own.keys()) - allowed
        if not name.startswith("_abc_") and getattr(cls, name) != getattr(type(obj), name)
    ]
    if overridden:
        raise ValueError(
            f"Subclasses of Estimator cannot override members of Estimator. {obj.__class__} does override {overridden}"
        )


def maybe_overwrite_model_dir_and_session_config(config: Any, model_dir: Any) -> Any:
    """The `RunConfig` that an estimator uses: with a folder and a ConfigProto.

    Raises:
      ValueError: `config` is none, or the folders differ.
    """
    if config is None:
        config = run_config.RunConfig()
        logging.info("Using default config.")
    if not isinstance(config, run_config.RunConfig):
        raise ValueError(f"config must be an instance of `RunConfig`, but provided {config}.")
    if config.session_config is None:
        config = run_config.RunConfig.replace(config, session_config=run_config.get_default_session_config())
    model_dir = compat.path_to_str(model_dir)
    if model_dir is not None and getattr(config, "model_dir", None) not in (None, model_dir):
        raise ValueError(
            "`model_dir` are set both in constructor and `RunConfig`, but with different values. In constructor: "
            f"'{model_dir}', in `RunConfig`: '{config.model_dir}' "
        )
    if model_dir:
        return run_config.RunConfig.replace(config, model_dir=model_dir)
    if getattr(config, "model_dir", None) is None:
        model_dir = tempfile.mkdtemp()
        logging.warning("Using temporary folder as model directory: %s", model_dir)
        return run_config.RunConfig.replace(config, model_dir=model_dir)
    return config


def _check_checkpoint_available(model_dir: str) -> None:
    if not checkpoint_management.latest_checkpoint(model_dir):
        raise ValueError(f"Could not find trained model in model_dir: {model_dir}.")


def _check_hooks_type(hooks: Any) -> list[SessionRunHook]:
    hooks = list(hooks or [])
    for hook in hooks:
        if not isinstance(hook, SessionRunHook):
            raise TypeError(f"Hooks must be a SessionRunHook, given: {hook}")
    return hooks


def _check_listeners_type(saving_listeners: Any) -> list[CheckpointSaverListener]:
    listeners = list(saving_listeners or [])
    for listener in listeners:
        if not isinstance(listener, CheckpointSaverListener):
            raise TypeError(f"saving_listeners must be a list of CheckpointSaverListener, given: {listener}")
    return listeners

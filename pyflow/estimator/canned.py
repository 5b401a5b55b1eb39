"""What the estimators whose model is there already have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.estimator.estimator import Estimator


class Canned(Estimator):
    """An estimator of a model that a subclass names, with a head."""

    _model: Callable  # a model function that is also given the head and what `_start` is

    def _start(self, head: Any, model_dir: Any, config: Any, warm_start_from: Any = None, **options: Any) -> None:
        def _model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
            return self._model(features=features, labels=labels, mode=mode, head=head, config=config, **options)

        super().__init__(_model_fn, model_dir, config, warm_start_from=warm_start_from)

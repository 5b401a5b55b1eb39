"""`tf.estimator.tpu.TPUEstimator`: an estimator for TPUs, which here runs where those programs run without one.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/tpu/TPUEstimator
"""

from __future__ import annotations

import copy
import enum
import math
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.scopes import device
from pyflow.estimator.estimator import Estimator
from pyflow.estimator.mode_keys import ModeKeys
from pyflow.estimator.model_fn import EstimatorSpec, _TPUEstimatorSpec, verify_model_fn_args
from pyflow.estimator.tpu_config import (
    InputPipelineConfig,
    RunConfig,
    check_positive_integer,
    parse_iterations_per_loop,
)
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.variable_scope import get_variable
from pyflow.platform import logging
from pyflow.platform.code.callables import fn_args
from pyflow.protos.event_pb2 import Summary
from pyflow.train.global_step import get_global_step
from pyflow.train.step_hooks import StepCounterHook

_BATCH_SIZE_KEY = "batch_size"
_CTX_KEY = "context"
_USE_TPU_KEY = "use_tpu"
_RESERVED_PARAMS_KEYS = [_BATCH_SIZE_KEY, _CTX_KEY]


class ExportSavedModelApiVersion(enum.Enum):
    """How graphs for TPUs are exported."""

    V1 = 1
    V2 = 2


class ExamplesPerSecondHook(StepCounterHook):
    """A `StepCounterHook` that also counts examples.

    Args:
      batch_size: how many examples a step takes.
    """

    def __init__(
        self,
        batch_size: int,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
    ):
        self._batch_size = batch_size
        super().__init__(every_n_steps, every_n_secs, output_dir, summary_writer)

    def _log_and_record(self, elapsed_steps: Any, elapsed_time: float, global_step: Any) -> None:
        steps = elapsed_steps / elapsed_time
        for tag, rate in (("global_step/sec", steps), ("examples/sec", self._batch_size * steps)):
            if self._summary_writer is not None:
                value = Summary.Value(tag=tag, simple_value=rate)
                self._summary_writer.add_summary(Summary(value=[value]), global_step)
            logging.info("%s: %g", tag, rate)


def _add_item_to_params(params: Any, key: str, value: Any) -> None:
    """Sets a parameter, of a dict or of `HParams`."""
    if not hasattr(params, "set_hparam"):
        params[key] = value
    elif key in params:
        params.set_hparam(key, value)
    else:
        params.add_hparam(key, value)


@export("estimator.tpu.TPUEstimator", "contrib.tpu.TPUEstimator")
class TPUEstimator(Estimator):
    """An `Estimator` whose functions get the size of batches as `params["batch_size"]`.

    Args:
      model_fn: as for `Estimator`, with `params`; returns a `TPUEstimatorSpec` or an `EstimatorSpec`.
      config: a `tf.estimator.tpu.RunConfig`.
      use_tpu: whether there is a TPU; here there is none.
      train_batch_size, eval_batch_size, predict_batch_size: how many examples a batch has.
      eval_on_tpu, export_to_tpu: for TPUs; a graph for them is not exported.
      others: as those of `Estimator`.

    Raises:
      ValueError, TypeError: `config` is none, the parameters have reserved names, or a size is missing.
    """

    def __init__(
        self,
        model_fn: Any = None,
        model_dir: Any = None,
        config: Any = None,
        params: Any = None,
        use_tpu: bool = True,
        train_batch_size: int | None = None,
        eval_batch_size: int | None = None,
        predict_batch_size: int | None = None,
        batch_axis: Any = None,
        eval_on_tpu: bool = True,
        export_to_tpu: bool = True,
        export_to_cpu: bool = True,
        warm_start_from: Any = None,
        embedding_config_spec: Any = None,
        export_saved_model_api_version: Any = ExportSavedModelApiVersion.V1,
    ):
        if config is None or not isinstance(config, RunConfig):
            raise ValueError("`config` must be provided with type `tpu_config.RunConfig`")
        if params is not None and any(key in params for key in _RESERVED_PARAMS_KEYS):
            raise ValueError(f"{_RESERVED_PARAMS_KEYS} are reserved keys but existed in params {params}.")
        if use_tpu:
            if train_batch_size is None:
                raise ValueError("`train_batch_size` cannot be `None`")
            check_positive_integer(train_batch_size, "train_batch_size")
            per_host = config.tpu_config.per_host_input_for_training
            if per_host is InputPipelineConfig.PER_SHARD_V1 and config.tpu_config.num_cores_per_replica:
                raise ValueError(
                    "Model parallelism only supports per host input for training. Please adjust "
                    "TPURunconfig.per_host_input_for_training."
                )
            if eval_batch_size is not None:
                check_positive_integer(eval_batch_size, "eval_batch_size")
            if predict_batch_size is not None:
                check_positive_integer(predict_batch_size, "predict_batch_size")
        if embedding_config_spec is not None:
            raise NotImplementedError("TPUEstimator(embedding_config_spec): embeddings on TPUs")
        verify_model_fn_args(model_fn, params)
        self._log_every_n_steps = config.log_step_count_steps
        super().__init__(
            self._augment_model_fn(model_fn),
            model_dir,
            config.replace(log_step_count_steps=None),
            params or {},
            warm_start_from,
        )
        loop = parse_iterations_per_loop(config.tpu_config.iterations_per_loop)
        self._log_every_n_secs = loop.value if loop.unit == "seconds" else None
        if loop.unit == "seconds":
            self._log_every_n_steps = None
        elif self._log_every_n_steps is not None:
            self._log_every_n_steps = int(math.ceil(float(self._log_every_n_steps) / loop.value))
        if config.tpu_config.num_shards == 1 and config.tpu_config.num_cores_per_replica is None:
            logging.warning(
                "Setting TPUConfig.num_shards==1 is an unsupported behavior. Please fix as soon as possible (leaving "
                "num_shards as None.)"
            )
        logging.info("_TPUContext: eval_on_tpu %s", eval_on_tpu)
        if not use_tpu and eval_on_tpu:
            logging.warning("eval_on_tpu ignored because use_tpu is False.")
        self._use_tpu, self._eval_on_tpu = use_tpu, eval_on_tpu
        self._batch_sizes = {
            ModeKeys.TRAIN: train_batch_size,
            ModeKeys.EVAL: eval_batch_size,
            ModeKeys.PREDICT: predict_batch_size,
        }
        self._export_to_cpu, self._export_to_tpu = export_to_cpu, export_to_tpu
        if not isinstance(export_saved_model_api_version, ExportSavedModelApiVersion):
            raise ValueError(
                "export_saved_model_api_version should be of type ExportSavedModelApiVersion; got "
                f"{export_saved_model_api_version}."
            )
        self._is_input_fn_invoked: bool | None = None

    def _require_no_tpu(self, mode: str) -> None:
        """Raises RuntimeError if a TPU would be needed.

        That's so whenever there is one to be used, unless evaluations are to be run without.
        """
        if self._use_tpu and not (mode == ModeKeys.EVAL and not self._eval_on_tpu):
            raise RuntimeError(
                f"Cannot find any TPU cores in the system (master address {self._config.master}). This usually means "
                "the master address is incorrect or the TPU worker has some problems. Available devices: []"
            )

    def _add_meta_graph_for_mode(  # type: ignore[override]
        self, builder: Any, input_receiver_fn_map: Any, checkpoint_path: Any, *args: Any, **kwargs: Any
    ) -> None:
        if not self._export_to_cpu and not self._export_to_tpu:
            raise ValueError("One of export_to_cpu and export_to_tpu must be true.")
        if not self._export_to_cpu:
            raise NotImplementedError("TPUEstimator(export_to_cpu=False): exporting a graph for TPUs only")
        if self._export_to_tpu:
            logging.warning("The graph for TPUs, tagged serve and tpu, is not exported: there is none in PyFlow.")
        super()._add_meta_graph_for_mode(builder, input_receiver_fn_map, checkpoint_path, *args, **kwargs)

    def _create_global_step(self, graph: Graph) -> Any:
        """The global step, a resource variable.

        Raises:
          ValueError: there is one already.
        """
        if get_global_step(graph) is not None:
            raise ValueError('"global_step" already exists.')
        with graph.as_default(), graph.name_scope(None):
            return get_variable(
                GraphKeys.GLOBAL_STEP,
                shape=[],
                dtype=dtypes.int64,
                initializer=zeros_initializer(),
                trainable=False,
                use_resource=True,
                collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
            )

    def _call_input_fn(self, input_fn: Callable, mode: str, input_context: Any = None) -> Any:
        taken = fn_args(input_fn)
        if "params" not in taken:
            raise ValueError(
                f"input_fn ({input_fn}) does not include params argument, required by TPUEstimator to pass batch size "
                'as params["batch_size"]'
            )
        self._is_input_fn_invoked = True
        self._require_no_tpu(mode)
        given = {"params": self.params, "config": self.config, "mode": mode}
        if self._batch_sizes[mode] is not None:
            _add_item_to_params(given["params"], _BATCH_SIZE_KEY, self._batch_sizes[mode])
        with device("/device:CPU:0"):
            return input_fn(**{name: value for name, value in given.items() if name in taken})

    def train(
        self,
        input_fn: Callable,
        hooks: Any = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Any = None,
    ) -> Any:
        super().train(input_fn, hooks, steps, max_steps, saving_listeners)
        logging.info("training_loop marked as finished")
        return self

    def evaluate(
        self,
        input_fn: Callable,
        steps: int | None = None,
        hooks: Any = None,
        checkpoint_path: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        results = super().evaluate(input_fn, steps, hooks, checkpoint_path, name)
        logging.info("evaluation_loop marked as finished")
        return results

    def _validate_features_in_predict_input(self, result: Any) -> None:
        """Any input may be used."""

    def predict(
        self,
        input_fn: Callable,
        predict_keys: Any = None,
        hooks: Any = None,
        checkpoint_path: str | None = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        yield from super().predict(input_fn, predict_keys, hooks, checkpoint_path, yield_single_examples)
        logging.info("prediction_loop marked as finished")

    def _augment_model_fn(self, model_fn: Callable) -> Callable:
        """The model function with what it gets and returns on a TPU."""

        def _model_fn(features: Any, labels: Any, mode: str, config: Any, params: Any) -> EstimatorSpec:
            is_export_mode = not self._is_input_fn_invoked
            self._is_input_fn_invoked = None
            if is_export_mode:
                _add_item_to_params(params, _USE_TPU_KEY, False)
            hooks: tuple = ()
            if self._log_every_n_steps is not None or self._log_every_n_secs is not None:
                hooks = (
                    ExamplesPerSecondHook(
                        self._batch_sizes[mode],  # type: ignore[arg-type]
                        output_dir=self.model_dir if not config or config.save_summary_steps else None,
                        every_n_steps=self._log_every_n_steps,
                        every_n_secs=self._log_every_n_secs,
                    ),
                )
            logging.info("Running %s on CPU", mode)
            spec = self._call_users_model_fn(model_fn, features, labels, mode, config, params, is_export_mode)
            return spec._replace(training_hooks=spec.training_hooks + hooks) if hooks else spec

        return _model_fn

    def _call_users_model_fn(
        self, model_fn: Callable, features: Any, labels: Any, mode: str, config: Any, params: Any, is_export_mode: bool
    ) -> Any:
        taken = fn_args(model_fn)
        if "labels" not in taken and labels is not None:
            raise ValueError("model_fn does not take labels, but input_fn returns labels.")
        if "params" not in taken:
            raise ValueError(
                f"model_fn ({model_fn}) does not include params argument, required by TPUEstimator to pass batch size "
                "as params['batch_size']"
            )
        params = copy.deepcopy(params)
        if not is_export_mode:
            if self._batch_sizes[mode] is not None:
                _add_item_to_params(params, _BATCH_SIZE_KEY, self._batch_sizes[mode])
            _add_item_to_params(params, _USE_TPU_KEY, False)
        given = {"labels": labels, "mode": mode, "config": copy.deepcopy(config), "params": params}
        spec = model_fn(features=features, **{name: value for name, value in given.items() if name in taken})
        return spec.as_estimator_spec() if isinstance(spec, _TPUEstimatorSpec) else spec

"""tf.test.benchmark_config and tf.test.create_local_cluster."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.protos.config_pb2 import ConfigProto
from pyflow.protos.rewriter_config_pb2 import RewriterConfig
from pyflow.runtime.default_config import default_config


@export("test.benchmark_config")
def benchmark_config() -> ConfigProto:
    """The configuration of sessions that are timed: control dependencies stay as they are."""
    config = default_config()
    config.graph_options.rewrite_options.dependency_optimization = RewriterConfig.OFF
    return config


@export("test.create_local_cluster")
def create_local_cluster(
    num_workers: int, num_ps: int, protocol: str = "grpc", worker_config: Any = None, ps_config: Any = None
) -> tuple[list, list]:
    """Raises NotImplementedError: PyFlow has one server a process, and no cluster of several."""
    raise NotImplementedError(
        f"test.create_local_cluster: {num_workers} workers and {num_ps} parameter servers; PyFlow runs one task only"
    )

"""TensorFlow's internal module paths that public programs import from, and the PyFlow modules that hold the names.

A name not found in the modules given here is looked for among the ops, the public names and all modules of `ops`.
"""

from __future__ import annotations

_CORE_OPS = (
    "scopes graph operation tensor convert indexed_slices collections gradient_registry registry init_scope execution_mode"
)

_SOURCES: dict[str, str] = {
    "python": "",
    "python.client": "",
    "python.client.session": "runtime.session runtime.fetches",
    "python.client.device_lib": "runtime.placement",
    "python.client.timeline": "runtime.timeline",
    "python.compat": "",
    "python.compat.compat": "platform.compat",
    "python.eager": "",
    "python.eager.context": "core.execution_mode",
    "python.framework": "",
    "python.framework.common_shapes": "ops.shape_rules",
    "python.framework.constant_op": "ops.constant",
    "python.framework.device": "core.device",
    "python.framework.device_spec": "core.device",
    "python.framework.dtypes": "core.dtypes",
    "python.framework.errors": "core.errors",
    "python.framework.errors_impl": "core.errors",
    "python.framework.graph_util": "",
    "python.framework.graph_util_impl": "",
    "python.framework.importer": "",
    "python.framework.meta_graph": "",
    "python.framework.ops": " ".join(f"core.{m}" for m in _CORE_OPS.split()),
    "python.framework.random_seed": "core.seeds",
    "python.framework.sparse_tensor": "core.sparse_tensor",
    "python.framework.tensor_shape": "core.shapes",
    "python.framework.tensor_util": "core.constants core.tensor_proto",
    "python.framework.test_util": "test.test_util",
    "python.framework.versions": "",
    "python.lib.io.file_io": "platform.file_io",
    "python.ops.control_flow_ops": "ops.control_flow",
    "python.ops.gradient_checker": "test.gradient_checker",
    "python.ops.gradients": "autodiff ops.custom_gradient",
    "python.ops.gradients_impl": "autodiff ops.custom_gradient",
    "python.ops.gradients_util": "autodiff",
    "python.ops.init_ops": "ops.initializers",
    "python.ops.resource_variable_ops": "ops.resource_variable ops.resource_state",
    "python.ops.state_ops": "ops.state ops.scatter",
    "python.ops.variable_scope": "ops.variable_scope",
    "python.ops.variables": "ops.variables",
    "python.platform": "",
    "python.platform.app": "platform.app",
    "python.platform.flags": "platform.flags",
    "python.platform.gfile": "platform.gfile",
    "python.platform.googletest": "test.test_case",
    "python.platform.resource_loader": "platform.resource_loader",
    "python.platform.test": "test",
    "python.platform.tf_logging": "platform.logging",
    "python.training.optimizer": "train.optimizer",
    "python.training.slot_creator": "train.slot_creator",
    "python.util": "",
    "python.util.compat": "platform.compat",
    "python.util.nest": "core.nest",
}

# Whole folders: any module below them is accepted, because names are found by themselves.
_OPEN_FOLDERS = ("python.ops", "python.training", "python.summary", "python.util", "python.lib", "python.framework")


def is_known(path: str) -> bool:
    """Whether a path below `tensorflow` stands for anything here."""
    return path in _SOURCES or path in _OPEN_FOLDERS or path.rpartition(".")[0] in _OPEN_FOLDERS


def sources(path: str) -> list[str]:
    """The PyFlow modules to look names up in."""
    return [f"pyflow.{name}" for name in _SOURCES.get(path, "").split()]

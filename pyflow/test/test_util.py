"""Decorators and questions that TensorFlow's own tests use (tensorflow.python.framework.test_util)."""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import itertools
import unittest
from typing import Any, Callable, Iterator

from pyflow.core.api import export
from pyflow.core.graph_import import import_graph_def
from pyflow.core.scopes import get_default_graph, reset_default_graph
from pyflow.protos.graph_pb2 import GraphDef
from pyflow.runtime.webgpu import adapters
from pyflow.test.graph_equality import (  # noqa: F401  (TensorFlow has them here)
    assert_equal_graph_def,
    assert_equal_graph_def_v1,
    assert_equal_graph_def_v2,
)
from pyflow.test.test_case import CapturedWrites, TensorFlowTestCase  # noqa: F401  (TensorFlow has them here)


def _plain(function: Any = None) -> Any:
    """A decorator, with or without call, that leaves a graph-mode test as it is."""
    if callable(function):
        return function
    return lambda f: f


run_deprecated_v1 = deprecated_graph_mode_only = run_all_in_deprecated_graph_mode_only = _plain
run_all_in_graph_and_eager_modes = _plain
enable_control_flow_v2 = with_control_flow_v2 = enable_c_shapes = with_c_shapes = _plain
enable_output_all_intermediates = also_run_as_tf_function = use_deterministic_cudnn = _plain
assert_no_new_tensors = assert_no_garbage_created = assert_no_new_pyobjects_executing_eagerly = _plain
py_func_if_in_function = _plain


def _described(description: str = "") -> Any:
    """A decorator with a reason, that changes nothing."""
    return lambda f: f


disable_xla = disable_all_xla = no_xla_auto_jit = xla_allow_fallback = enable_tf_xla_constant_folding = _described
disable_control_flow_v2 = run_without_tensor_float_32 = _described


def run_v1_only(reason: Any = "", func: Any = None) -> Any:
    """Marks a test of version 1's behaviour, which is the only one here."""
    return _plain(func if func is not None else reason if callable(reason) else None)


def run_in_graph_and_eager_modes(
    func: Any = None,
    config: Any = None,
    use_gpu: bool = True,
    reset_test: bool = True,
    assert_no_eager_garbage: bool = False,
) -> Any:
    """Runs a test in a session of an empty graph (there is no other mode)."""

    def decorate(f: Callable) -> Callable:
        if inspect.isclass(f):
            raise ValueError(
                "`run_in_graph_and_eager_modes` only supports test methods. Did you mean to use "
                "`run_all_in_graph_and_eager_modes`?"
            )

        @functools.wraps(f)
        def decorated(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self.test_session(use_gpu=use_gpu, config=config):
                return f(self, *args, **kwargs)

        return decorated

    return decorate(func) if func is not None else decorate


def build_as_function_and_v1_graph(func: Any = None) -> Any:
    """Runs a test on a plain graph."""

    def decorate(f: Callable) -> Callable:
        @functools.wraps(f)
        def decorated(self: Any, *args: Any, **kwargs: Any) -> Any:
            reset_default_graph()
            return f(self, *args, **kwargs)

        return decorated

    return decorate(func) if func is not None else decorate


def _skipping(reason: str) -> Callable:
    def decorator(func: Any = None) -> Any:
        def decorate(f: Callable) -> Callable:
            @functools.wraps(f)
            def decorated(self: Any, *args: Any, **kwargs: Any) -> None:
                self.skipTest(reason)

            return decorated

        return decorate(func) if func is not None else decorate

    return decorator


run_v2_only = _skipping("Test is only compatible with v2")
run_gpu_only = _skipping("Test requires GPU")
run_cuda_only = _skipping("Test requires CUDA GPU")


def skip_if(condition: Any) -> Callable:
    """Leaves a test out where the condition, or what it returns, is true."""

    def decorate(f: Callable) -> Callable:
        @functools.wraps(f)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            if condition() if callable(condition) else condition:
                return None
            return f(*args, **kwargs)

        return decorated

    return decorate


def for_all_test_methods(decorator: Callable, *args: Any, **kwargs: Any) -> Callable:
    """A class decorator that decorates each test method."""

    def decorate(cls: type) -> type:
        for name in dir(cls):
            value = getattr(cls, name)
            if callable(value) and name.startswith(unittest.TestLoader.testMethodPrefix) and name != "test_session":
                setattr(cls, name, decorator(*args, **kwargs)(value))
        return cls

    return decorate


@export("test.gpu_device_name")
def gpu_device_name() -> str:
    """The name of the GPU that sessions use, or '' where they use none."""
    return "/device:GPU:0" if adapters.chosen() is not None else ""


@export("test.is_gpu_available")
def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """Whether operations can run on a GPU; never with `cuda_only`, as GPUs are reached without CUDA."""
    return not cuda_only and adapters.chosen() is not None


@export("test.is_built_with_cuda")
def is_built_with_cuda() -> bool:
    """False: GPUs are reached without CUDA."""
    return False


@export("test.is_built_with_gpu_support")
def is_built_with_gpu_support() -> bool:
    """Whether this version can use a GPU."""
    return True


@export("test.is_built_with_rocm")
def is_built_with_rocm() -> bool:
    """False: GPUs are reached without ROCm."""
    return False


IsGoogleCudaEnabled = is_built_with_cuda
IsBuiltWithROCm = is_built_with_rocm


def is_xla_enabled() -> bool:
    return False


def IsMklEnabled() -> bool:
    return False


def GpuSupportsHalfMatMulAndConv() -> bool:
    return False


@contextlib.contextmanager
def device(use_gpu: bool) -> Iterator[None]:
    """A block on the GPU where asked for and there is one, else on the CPU."""
    with get_default_graph().device(gpu_device_name() if use_gpu and is_gpu_available() else "/device:CPU:0"):
        yield


def use_gpu() -> Any:
    """A block on a GPU if there is one."""
    return device(use_gpu=True)


force_gpu = use_gpu


def force_cpu() -> Any:
    """A block on the CPU."""
    return device(use_gpu=False)


def assert_meta_graph_protos_equal(tester: Any, a: Any, b: Any) -> None:
    """Fails unless two MetaGraphDefs hold the same, in whatever order their graphs have the nodes.

    Raises:
      AssertionError: they differ.
    """
    tester.assertEqual(set(a.collection_def), set(b.collection_def))
    for key in a.collection_def:
        tester.assertProtoEquals(a.collection_def[key], b.collection_def[key])
    assert_equal_graph_def(a.graph_def, b.graph_def)
    rests = [type(meta_graph).FromString(meta_graph.SerializeToString()) for meta_graph in (a, b)]
    for rest in rests:
        rest.ClearField("collection_def")
        rest.ClearField("graph_def")
    tester.assertProtoEquals(*rests)


def get_node_def_from_graph(node_name: str, graph_def: Any) -> Any:
    """The node of that name in a `GraphDef`, or None."""
    return next((node for node in graph_def.node if node.name == node_name), None)


def assert_ops_in_graph(expected_ops: dict[str, str], graph: Any) -> dict[str, Any]:
    """The nodes of the given names, of which each must have its op type."""
    actual = {n.name: n for n in graph.as_graph_def().node if n.name in expected_ops}
    for name, node in actual.items():
        if node.op != expected_ops[name]:
            raise ValueError(f"Expected op for node {name} is different. Got {node.op}, expected {expected_ops[name]}")
    if set(expected_ops) != set(actual):
        raise ValueError(f"Not all expected ops are present. Expected {list(expected_ops)}, found {list(actual)}")
    return actual


def set_producer_version(graph: Any, producer_version: int) -> None:
    """Makes a graph one that a release of that version wrote."""
    graph_def = GraphDef()
    graph_def.versions.producer = producer_version
    with graph.as_default():
        import_graph_def(graph_def)
    assert graph.graph_def_versions.producer == producer_version


def generate_combinations_with_testcase_name(**kwargs: Any) -> list[Any]:
    """The combinations of the given lists of values, each with a `testcase_name`, for parameterized tests."""
    combinations = []
    for values in itertools.product(*kwargs.values()):
        case = collections.OrderedDict(zip(kwargs, values))
        told = "".join(f"_{_letters(key)}_{_letters(value)}" for key, value in case.items())
        combinations.append(collections.OrderedDict([*case.items(), ("testcase_name", f"_test{told}")]))
    return combinations


def _letters(value: Any) -> str:
    return "".join(filter(str.isalnum, str(value)))

"""TestCase: `unittest`'s, with sessions and comparisons of arrays and protocol buffers."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
import threading
import unittest
from typing import Any, Iterator
from unittest import mock

import numpy as np

from pyflow.core.api import export
from pyflow.core.scopes import default_graph_stack, get_default_session
from pyflow.core.seeds import DEFAULT_GRAPH_SEED, set_random_seed
from pyflow.protos.config_pb2 import ConfigProto
from pyflow.runtime.session import Session
from pyflow.test.array_assertions import ArrayAssertions
from pyflow.test.assertions import GeneralAssertions
from pyflow.test.sequence_assertions import SequenceAssertions

export("test.mock")(mock)


class _CheckedThread:
    """A thread that must be joined, and whose exception fails the test."""

    def __init__(self, test: unittest.TestCase, target: Any, args: Any, kwargs: Any):
        self._test = test
        self._error: BaseException | None = None
        self._joined = False
        self._thread = threading.Thread(target=self._run, args=(target, args or (), kwargs or {}))

    def _run(self, target: Any, args: Any, kwargs: Any) -> None:
        try:
            target(*args, **kwargs)
        except Exception as error:  # whatever it is, it fails the test when the thread is joined
            self._error = error

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._joined = True
        self._thread.join()
        if self._error is not None:
            self._test.fail(f"Error in checkedThread: {self._error}")

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def check_termination(self) -> None:
        if not self._joined:
            self._test.fail("A checked thread was not joined.")
        if self.is_alive():
            raise RuntimeError("Thread was not joined with main thread, and is still running when the test finished.")


class _NotATest:
    """A method that loaders of tests shall not take for a test, whatever its name: the class has no callable."""

    def __init__(self, method: Any):
        self._method = method

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else self._method.__get__(instance, owner)


@export("test.TestCase")
class TensorFlowTestCase(ArrayAssertions, GeneralAssertions, SequenceAssertions, unittest.TestCase):
    """A test starts with an empty default graph and fixed seeds (Python's, numpy's and the graph's)."""

    def __init__(self, methodName: str = "runTest"):
        super().__init__(methodName)
        self._threads: list[_CheckedThread] = []
        self._tempdir: str | None = None
        self._cached_session: Session | None = None
        self._cached_arguments: tuple = ()

    def setUp(self) -> None:
        super().setUp()
        self._close_cached_session()
        random.seed(DEFAULT_GRAPH_SEED)
        np.random.seed(DEFAULT_GRAPH_SEED)
        default_graph_stack.reset()
        set_random_seed(DEFAULT_GRAPH_SEED)

    def tearDown(self) -> None:
        for thread in self._threads:
            thread.check_termination()
        self._close_cached_session()
        super().tearDown()

    def _close_cached_session(self) -> None:
        if self._cached_session is not None:
            self._cached_session.close()
            self._cached_session = None

    def get_temp_dir(self) -> str:
        """A directory of this test's own."""
        if self._tempdir is None:
            self._tempdir = tempfile.mkdtemp(dir=get_temp_dir())
        return self._tempdir

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors in the default session, or in the cached one."""
        session = get_default_session()
        if session is not None:
            return session.run(tensors)
        with self.test_session() as session:
            return session.run(tensors)

    @contextlib.contextmanager
    def session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = False, force_gpu: bool = False
    ) -> Iterator[Session]:
        """A new session, as the default one."""
        with self._new_session(graph, config, force_gpu) as session:
            with self._as_default(session, use_gpu, force_gpu):
                yield session

    @contextlib.contextmanager
    def cached_session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = False, force_gpu: bool = False
    ) -> Iterator[Session]:
        """The test's session, made when first asked for.

        Raises:
          ValueError: it was made with other arguments.
        """
        session = self._get_cached_session(graph, config, force_gpu, check=True)
        with self._as_default(session, use_gpu, force_gpu):
            yield session

    @_NotATest
    @contextlib.contextmanager
    def test_session(
        self, graph: Any = None, config: Any = None, use_gpu: bool = False, force_gpu: bool = False
    ) -> Iterator[Session]:
        """`cached_session`, or `session` when a graph is given."""
        if graph is not None:
            with self.session(graph, config, use_gpu, force_gpu) as session:
                yield session
        else:
            session = self._get_cached_session(graph, config, force_gpu, check=False)
            with self._as_default(session, use_gpu, force_gpu):
                yield session

    def _get_cached_session(self, graph: Any, config: Any, force_gpu: bool, check: bool) -> Session:
        arguments = (graph, config, force_gpu)
        if self._cached_session is None:
            self._cached_session = self._new_session(*arguments)
            self._cached_arguments = arguments
        elif check:
            for name, now, then in zip(("graph", "config", "force_gpu value"), arguments, self._cached_arguments):
                if now is not then:
                    raise ValueError(
                        f"The {name} used to get the cached session is different than the one that was used to create "
                        "the session. Maybe create a new session with self.session()"
                    )
        return self._cached_session

    @staticmethod
    def _new_session(graph: Any, config: Any, force_gpu: bool) -> Session:
        if config is None:
            config = ConfigProto()
            config.allow_soft_placement = not force_gpu
        return Session(graph=graph, config=config)

    @staticmethod
    @contextlib.contextmanager
    def _as_default(session: Session, use_gpu: bool, force_gpu: bool) -> Iterator[None]:
        with session.graph.as_default(), session.as_default():
            if use_gpu and not force_gpu:
                yield
            else:
                with session.graph.device("/device:GPU:0" if force_gpu else "/device:CPU:0"):
                    yield

    def checkedThread(self, target: Any, args: Any = None, kwargs: Any = None) -> _CheckedThread:
        """A thread that must be joined before the test ends, and whose exceptions fail it."""
        thread = _CheckedThread(self, target, args, kwargs)
        self._threads.append(thread)
        return thread

    @contextlib.contextmanager
    def captureWritesToStream(self, stream: Any) -> Iterator[Any]:
        """Collects what is written to a stream, at Python's level and below; `contents()` gives it."""
        stream.flush()
        descriptor = stream.fileno()
        saved = os.dup(descriptor)
        path = os.path.join(self.get_temp_dir(), f"captured-{descriptor}")
        with open(path, "w") as file:
            os.dup2(file.fileno(), descriptor)
            try:
                yield CapturedWrites(path)
            finally:
                stream.flush()
                os.dup2(saved, descriptor)
                os.close(saved)


class CapturedWrites:
    """What was written while a stream was captured."""

    def __init__(self, capture_location: str):
        self.capture_location = capture_location

    def contents(self) -> str:
        with open(self.capture_location) as file:
            return file.read()


TestCase = TensorFlowTestCase


@export("test.main")
def main(argv: Any = None) -> None:
    """Runs the tests of the module it is called from, as `unittest.main` does."""
    unittest.main(argv=argv)


@export("test.get_temp_dir")
def get_temp_dir() -> str:
    """A directory for temporary files of tests."""
    path = os.environ.get("TEST_TMPDIR") or os.path.join(tempfile.gettempdir(), "pyflow_test")
    os.makedirs(path, exist_ok=True)
    return path


@export("test.test_src_dir_path")
def test_src_dir_path(relative_path: str) -> str:
    """A path below the directory where the program's sources are, TEST_SRCDIR or the current one."""
    return os.path.join(os.environ.get("TEST_SRCDIR", os.getcwd()), relative_path)


GetTempDir = get_temp_dir


@export("test.StubOutForTesting")
class StubOutForTesting:
    """Replaces attributes, and puts them back on `CleanUp`."""

    def __init__(self) -> None:
        self._saved: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> StubOutForTesting:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.CleanUp()

    def CleanUp(self) -> None:
        self.SmartUnsetAll()
        self.UnsetAll()

    def Set(self, parent: Any, child_name: str, new_child: Any) -> None:
        self._saved.append((parent, child_name, getattr(parent, child_name)))
        setattr(parent, child_name, new_child)

    def SmartSet(self, obj: Any, attr_name: str, new_attr: Any) -> None:
        self.Set(obj, attr_name, new_attr)

    def UnsetAll(self) -> None:
        while self._saved:
            setattr(*self._saved.pop())

    SmartUnsetAll = UnsetAll

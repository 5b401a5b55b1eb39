"""Session: runs parts of a graph and holds what its variables contain."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import functools
import sys
import threading
from typing import Any, Callable

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.core.scopes import default_graph_stack, default_session_stack, get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.core.waiting import time_limit
from pyflow.runtime import placement, profile, staged
from pyflow.runtime.default_config import default_config
from pyflow.runtime.feeds import as_fed, fed_array, flatten_feeds
from pyflow.runtime.fetches import Fetches, cache_key
from pyflow.runtime.functions import Functions
from pyflow.runtime.local_server import find_server
from pyflow.runtime.partial_run import PartialRun
from pyflow.runtime.resources import Resources
from pyflow.runtime.webgpu import adapters, browser

_CACHED_EXECUTABLES = 128
_CACHED_FETCHES = 256


class BaseSession:
    """What `Session` and `InteractiveSession` share.

    Args:
      target: empty, or the target of a `tf.train.Server` of this process, whose sessions share their variables.
      graph: the graph to run; None takes the default graph.
      config: a `ConfigProto`.

    Raises:
      TypeError: an argument is of the wrong type.
    """

    def __init__(self, target: Any = "", graph: Graph | None = None, config: Any = None):
        from pyflow.protos.config_pb2 import ConfigProto

        if graph is None:
            graph = get_default_graph()
        elif not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        if target is not None and not isinstance(target, (str, bytes)):
            raise TypeError(f"target must be a string, but got {type(target)}")
        if config is not None and not isinstance(config, ConfigProto):
            raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")
        server = find_server(target)
        if server is None and target not in ("", b"", None, "local"):
            raise NotImplementedError(f"Session target {target!r}: PyFlow runs in this process only")
        self._graph = graph
        self._config = config if config is not None else default_config()
        # How long an operation may wait for others; 0 for as long as it takes.
        self._timeout_in_ms = self._config.operation_timeout_in_ms
        self._target = target
        self._closed = False
        self._opened = False
        self.resources = server.join(self) if server else Resources(self.forget_plans)
        self._owns_resources = server is None
        self._planning = threading.RLock()
        self.functions = Functions(self)
        self._executables: collections.OrderedDict[Any, Any] = collections.OrderedDict()
        self._fetch_cache: collections.OrderedDict[Any, Fetches] = collections.OrderedDict()
        self.device = adapters.chosen(self._config)
        self._placer = placement.Placer(self._config, self.device)

    graph: Graph = property(lambda self: self._graph, doc="The graph this session runs.")  # type: ignore

    @property
    def graph_def(self) -> Any:
        return self._graph.as_graph_def(add_shapes=False)

    @property
    def sess_str(self) -> Any:
        return self._target

    def list_devices(self) -> list:
        """The devices this session can place operations on, as `_DeviceAttributes`."""
        if self._closed:
            raise errors.CancelledError(None, None, "Session has been closed.")
        return self._placer.devices()

    def close(self) -> None:
        """Lets go of the session's variables and queues; it cannot run any more."""
        if not self._closed:
            self._closed = True
            for executable in self._executables.values():
                executable.release()
            self.forget_plans()
            self._fetch_cache.clear()
            if self._owns_resources:
                self.resources.clear()

    def as_default(self) -> Any:
        """Makes this the default session inside a `with` block, without closing it at the end."""
        return default_session_stack.pushed(self)

    # ---------------------------------------------------------------- running

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Runs what `fetches` need, and returns their values in the same structure.

        Args:
          fetches: a tensor, operation, variable, name, or nested list, tuple, namedtuple or dict of these.
          feed_dict: from tensors (or names) to values that take their place in this run.
          options: a `RunOptions`; with `trace_level` FULL_TRACE the run is timed step by step.
          run_metadata: a `RunMetadata` to fill.

        Returns:
          For a tensor, its value as a numpy array or scalar; for an operation, None.

        Raises:
          RuntimeError: the session is closed, or its graph is empty.
          TypeError: a fetch or a fed key or value is of the wrong type.
          ValueError: a fetch or feed is not an element of this graph, or a fed shape is not possible.
          tf.errors.OpError: an operation fails.
        """
        feeds = self._feeds(feed_dict)
        handler = self._fetches(fetches)
        executable = self._executable(handler, feeds)
        if options is None and run_metadata is None and not self._timeout_in_ms:
            if profile.trace_file is not None:
                values = profile.trace_file.run(executable, tuple(feeds.values()))
            else:
                values = executable(tuple(feeds.values()))
        else:
            milliseconds = getattr(options, "timeout_in_ms", 0) or self._timeout_in_ms
            with time_limit(milliseconds / 1000) if milliseconds else contextlib.nullcontext():
                values = profile.run(executable, tuple(feeds.values()), options, run_metadata)
            if getattr(options, "output_partition_graphs", False) and run_metadata is not None:
                profile.add_partition_graph(run_metadata, handler.tensors, handler.targets, feeds)
        if feeds and not handler.index.keys().isdisjoint(feeds):
            fed = zip(handler.tensors, values)
            values = tuple(as_fed(t, feeds[t], feed_dict) if t in feeds else v for t, v in fed)
        return handler.rebuild(values)

    async def run_async(
        self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """As `run`, for callers that go on with other things meanwhile: in a browser's tab, or an event loop."""
        call = functools.partial(self.run, fetches, feed_dict, options, run_metadata)
        if sys.platform == "emscripten":
            return await browser.suspended(call)
        import asyncio  # which is slow to load

        return await asyncio.get_running_loop().run_in_executor(None, contextvars.copy_context().run, call)

    def _feeds(self, feed_dict: Any) -> dict[Tensor, Any]:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if self._graph.version == 0:
            raise RuntimeError("The Session graph is empty.  Add operations to the graph before calling run().")
        return flatten_feeds(self._graph, feed_dict) if feed_dict else {}

    def _fetches(self, fetches: Any) -> Fetches:
        try:
            key = cache_key(fetches)
            handler = self._fetch_cache.get(key)
        except TypeError:  # an unhashable fetch: let Fetches say what is wrong with it
            return Fetches(self._graph, fetches, self)
        if handler is None:
            handler = Fetches(self._graph, fetches, self)
            self._fetch_cache[key] = handler
            if len(self._fetch_cache) > _CACHED_FETCHES:
                self._fetch_cache.popitem(last=False)
        return handler

    def _executable(self, handler: Fetches, feeds: dict[Tensor, Any]) -> Any:
        key = (handler, self._graph._mutations, *feeds, *map(self._trait, feeds.values()))
        executable = self._executables.get(key)
        if executable is None:
            with self._planning:
                executable = self._plan(handler, feeds)
            self._executables[key] = executable
            if len(self._executables) > _CACHED_EXECUTABLES:
                self._executables.popitem(last=False)
        return executable

    def _trait(self, value: Any) -> Any:
        """What a plan depends on of a fed value: the shape; of a truth value itself where a GPU takes part."""
        shape = getattr(value, "shape", None)
        return bool(value) if shape == () and self.device is not None and value.dtype.char == "?" else shape

    def _plan(self, handler: Fetches, feeds: dict[Tensor, Any]) -> Any:
        shapes = {t: v if type(self._trait(v)) is bool else getattr(v, "shape", ()) for t, v in feeds.items()}
        self._placer.check(handler.tensors, handler.targets, shapes)
        return staged.executable(self, handler.tensors, handler.targets, shapes)

    def forget_plans(self) -> None:
        """Has everything planned anew when it runs next."""
        self._executables.clear()
        self.functions.clear()

    def make_callable(self, fetches: Any, feed_list: Any = None, accept_options: bool = False) -> Callable:
        """A function that runs `fetches`, taking the values of `feed_list` as positional arguments.

        With `accept_options` it also takes `options` and `run_metadata`.

        Raises:
          TypeError: `feed_list` is no list of tensors.
        """
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError("`feed_list` must be a list or tuple.")
        handler = Fetches(self._graph, fetches, self)
        keys = [self._graph.as_graph_element(f, allow_tensor=True, allow_operation=False) for f in feed_list or ()]

        def call(*args: Any, **kwargs: Any) -> Any:
            if kwargs and not accept_options:
                raise TypeError(f"unexpected keyword arguments: {sorted(kwargs)}")
            self._feeds(None)
            feeds = {t: fed_array(self._graph, t, v) for t, v in zip(keys, args)}
            executable = self._executable(handler, feeds)
            if kwargs:
                values = profile.run(
                    executable, tuple(feeds.values()), kwargs.get("options"), kwargs.get("run_metadata")
                )
            else:
                values = executable(tuple(feeds.values()))
            return handler.rebuild(values)

        return call

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> Any:
        """Announces a run in several calls; gives the handle for `partial_run`.

        Args:
          fetches: everything the calls will fetch.
          feeds: every tensor they will feed.
        """
        self._feeds(None)
        return PartialRun(self, fetches, feeds)

    def partial_run(self, handle: Any, fetches: Any, feed_dict: Any = None) -> Any:
        """Goes on with a run: as `run`, but nothing that an earlier call computed is computed again.

        Raises:
          tf.errors.InvalidArgumentError: a fetch or feed was not announced, comes a second time, or what a fetch needs
            has not been fed.
        """
        self._feeds(None)
        if not isinstance(handle, PartialRun):
            raise errors.InvalidArgumentError(None, None, "Must run 'setup' before performing partial runs!")
        return handle.run(fetches, feed_dict)


@export("Session")
class Session(BaseSession):
    """Runs a graph; holds its variables until it is closed.

    As a context manager it becomes the default session (and its graph the default graph), and is closed at the end.
    See https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/Session.
    """

    def __init__(self, target: Any = "", graph: Graph | None = None, config: Any = None):
        super().__init__(target, graph, config)
        self._entered: list[tuple[Any, Any]] = []

    def __enter__(self) -> Session:
        graph_context = default_graph_stack.pushed(self._graph)
        session_context = default_session_stack.pushed(self)
        graph_context.__enter__()
        session_context.__enter__()
        self._entered.append((graph_context, session_context))
        return self

    def __exit__(self, exc_type: Any, exc: Any, tb: Any) -> None:
        graph_context, session_context = self._entered.pop()
        try:
            session_context.__exit__(None, None, None)
            graph_context.__exit__(None, None, None)
        finally:
            self.close()

    @staticmethod
    def reset(target: Any, containers: Any = None, config: Any = None) -> None:
        """Empties a server's variables and queues. Sessions without server share nothing that could be reset.

        Raises:
          NotImplementedError: single containers are to be reset.
        """
        if containers:
            raise NotImplementedError("Session.reset with containers")
        server = find_server(target)
        if server is not None:
            server.reset()


@export("InteractiveSession")
class InteractiveSession(BaseSession):
    """A session that makes itself (and its graph) the default when constructed; for shells and notebooks."""

    def __init__(self, target: Any = "", graph: Graph | None = None, config: Any = None):
        super().__init__(target, graph, config)
        self._graph_context = None
        if graph is not None:
            self._graph_context = default_graph_stack.pushed(self._graph)
            self._graph_context.__enter__()
        self._session_context = default_session_stack.pushed(self)
        default_session_stack.enforce_nesting = False
        self._session_context.__enter__()

    def close(self) -> None:
        """Closes the session and takes it off the stack of defaults."""
        super().close()
        if self._session_context is not None:
            self._session_context.__exit__(None, None, None)
            self._session_context = None
            if self._graph_context is not None:
                self._graph_context.__exit__(None, None, None)
                self._graph_context = None

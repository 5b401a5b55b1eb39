"""Convolutions of images by Intel's oneDNN, where its library is installed (`pip install pyflow-tf[onednn]`).

The C API of oneDNN 3 is called through ctypes: https://uxlfoundation.github.io/oneDNN. A primitive is made once for
each kind and shape of convolution; the filter is brought into the form that it likes best at each call, which is cheap.
Whatever it does not take (other dtypes, volumes) goes on to the function that stood in the table before.
"""

from __future__ import annotations

import ctypes
import functools
import os
import site
import threading
from typing import Any

import numpy as np

from pyflow.ops.primitives import Primitives
from pyflow.ops.windows import Windows

_NAME = "libdnnl.so.3"
# Runtimes that take pointers to memory: sequential, OpenMP, TBB. SYCL, that of the wheel `onednn`, has its own.
_RUNTIMES = (1, 2, 4)
_CPU, _IN_ORDER, _DIRECT, _TRAINING, _FLOAT, _ANY = 1, 1, 1, 64, 3, 1
_SRC, _DST, _WEIGHTS, _DIFF_SRC, _DIFF_DST, _DIFF_WEIGHTS = 1, 17, 33, 129, 145, 161
_QUERY_WEIGHTS, _QUERY_DIFF_WEIGHTS, _QUERY_WORKSPACE = 131, 132, 135
_MAX, _WORKSPACE = 0x1FF, 64
_FORWARD, _TO_INPUT, _TO_FILTER = range(3)

_Pointer, _Int = ctypes.c_void_p, ctypes.c_int


class _Argument(ctypes.Structure):
    _fields_ = [("number", _Int), ("memory", _Pointer)]


class _Version(ctypes.Structure):
    _fields_ = [
        ("major", _Int),
        ("minor", _Int),
        ("patch", _Int),
        ("hash", ctypes.c_char_p),
        ("cpu_runtime", ctypes.c_uint),
        ("gpu_runtime", ctypes.c_uint),
    ]


class Failure(Exception):
    """A call of the library that did not succeed."""


def find() -> str | None:
    """The path of the library, if it is installed where pip puts it."""
    import sysconfig  # slow to import, and of no use in Pyodide

    for folder in (sysconfig.get_path("data"), site.getuserbase()):
        path = os.path.join(folder or "", "lib", _NAME)
        if os.path.exists(path):
            return path
    return None


def _load(path: str) -> ctypes.CDLL:
    # OpenMP's threads would go on spinning after each call and take the processor from numpy's.
    given = os.environ.get("OMP_WAIT_POLICY")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return ctypes.CDLL(path)
    finally:
        if given is None:
            del os.environ["OMP_WAIT_POLICY"]


def _check(status: int) -> None:
    if status:
        raise Failure(f"oneDNN status {status}")


class Library:
    """The library with an engine and a stream.

    Raises:
      OSError, AttributeError, Failure: it cannot be loaded or is of another kind.
    """

    def __init__(self, path: str):
        self.c = library = _load(path)
        library.dnnl_version.restype = ctypes.POINTER(_Version)
        version = library.dnnl_version().contents
        if version.major != 3 or version.cpu_runtime not in _RUNTIMES:
            raise Failure(f"oneDNN {version.major} with runtime {version.cpu_runtime}")
        library.dnnl_memory_desc_get_size.restype = ctypes.c_size_t
        library.dnnl_memory_desc_get_size.argtypes = [_Pointer]
        library.dnnl_primitive_desc_query_md.restype = _Pointer
        library.dnnl_primitive_desc_query_md.argtypes = [_Pointer, _Int, _Int]
        library.dnnl_memory_set_data_handle.argtypes = [_Pointer, _Pointer]
        library.dnnl_primitive_execute.argtypes = [_Pointer, _Pointer, _Int, _Pointer]
        library.dnnl_stream_wait.argtypes = [_Pointer]
        self.engine, self.stream = _Pointer(), _Pointer()
        _check(library.dnnl_engine_create(ctypes.byref(self.engine), _CPU, ctypes.c_size_t(0)))
        _check(library.dnnl_stream_create(ctypes.byref(self.stream), self.engine, _IN_ORDER))
        # The memory objects of a primitive are used by one call at a time.
        self.lock = threading.Lock()
        self.max_pooling = functools.lru_cache(maxsize=256)(functools.partial(MaxPooling, self))
        self.convolution = functools.lru_cache(maxsize=256)(functools.partial(Convolution, self))

    def layout(self, made: list, shape: tuple[int, ...], strides: tuple[int, ...] | None) -> Any:
        """A description of float memory: strides in elements, or None for whatever the primitive likes.

        What is made here and in `memory` is noted in a list, with the function that destroys it.
        """
        description, rank = _Pointer(), len(shape)
        if strides is None:
            create, last = self.c.dnnl_memory_desc_create_with_tag, _Int(_ANY)
        else:
            create, last = self.c.dnnl_memory_desc_create_with_strides, _numbers(strides)
        _check(create(ctypes.byref(description), rank, _numbers(shape), _FLOAT, last))
        made.append((self.c.dnnl_memory_desc_destroy, description))
        return description

    def memory(self, made: list, layout: Any, address: int = 0) -> Any:
        """A memory object at an address."""
        memory = _Pointer()
        _check(self.c.dnnl_memory_create(ctypes.byref(memory), layout, self.engine, _Pointer(address)))
        made.append((self.c.dnnl_memory_destroy, memory))
        return memory


def _numbers(values: tuple[int, ...]) -> Any:
    return (ctypes.c_int64 * len(values))(*values)


class _Call:
    """A primitive with its memory objects."""

    def __init__(self, library: Library, made: list, description: Any, memories: dict[int, Any]):
        self._library, self._count = library, len(memories)
        self._primitive = _Pointer()
        _check(library.c.dnnl_primitive_create(ctypes.byref(self._primitive), description))
        made.append((library.c.dnnl_primitive_destroy, self._primitive))
        self._arguments = (_Argument * len(memories))(*(_Argument(n, m) for n, m in memories.items()))

    def __call__(self) -> None:
        library = self._library
        _check(library.c.dnnl_primitive_execute(self._primitive, library.stream, self._count, self._arguments))


class Convolution:
    """One kind of convolution of images of one shape; called with the addresses of images, filter and result."""

    def __init__(self, library: Library, kind: int, images: int, depth: int, out_depth: int, windows: Windows):
        self._library = library
        self._made: list[tuple[Any, Any]] = []
        c, made = library.c, self._made
        (height, width), (rows, columns), (down, across) = windows.sizes, windows.window, windows.counts
        x = library.layout(made, (images, depth, height, width), (height * width * depth, 1, width * depth, depth))
        y = library.layout(
            made, (images, out_depth, down, across), (down * across * out_depth, 1, across * out_depth, out_depth)
        )
        weights = (out_depth, depth, rows, columns)
        plain = library.layout(made, weights, (1, out_depth, columns * depth * out_depth, depth * out_depth))
        liked = library.layout(made, weights, None)
        moves = (
            _numbers(windows.strides),
            _numbers(tuple(d - 1 for d in windows.dilations)),
            _numbers(windows.before),
            _numbers(windows.after),
        )
        forward, description = _Pointer(), _Pointer()
        _check(c.dnnl_convolution_forward_primitive_desc_create(
            ctypes.byref(forward), library.engine, _TRAINING, _DIRECT, x, liked, None, y, *moves, None
        ))  # fmt: skip
        query = _QUERY_WEIGHTS
        if kind == _FORWARD:
            description = forward
        elif kind == _TO_INPUT:
            _check(c.dnnl_convolution_backward_data_primitive_desc_create(
                ctypes.byref(description), library.engine, _DIRECT, x, liked, y, *moves, forward, None
            ))  # fmt: skip
        else:
            query = _QUERY_DIFF_WEIGHTS
            _check(c.dnnl_convolution_backward_weights_primitive_desc_create(
                ctypes.byref(description), library.engine, _DIRECT, x, liked, None, y, *moves, forward, None
            ))  # fmt: skip
        chosen = c.dnnl_primitive_desc_query_md(description, query, 0)
        self._copy = np.empty(c.dnnl_memory_desc_get_size(chosen), np.uint8)
        self._x, self._y, self._filter = (library.memory(made, layout) for layout in (x, y, plain))
        copied = library.memory(made, _Pointer(chosen), self._copy.ctypes.data)
        numbers = {
            _FORWARD: (_SRC, _WEIGHTS, _DST),
            _TO_INPUT: (_DIFF_SRC, _WEIGHTS, _DIFF_DST),
            _TO_FILTER: (_SRC, _DIFF_WEIGHTS, _DIFF_DST),
        }[kind]
        main = _Call(library, made, description, dict(zip(numbers, (self._x, copied, self._y))))
        ends = ((plain, self._filter), (_Pointer(chosen), copied))
        (source, from_memory), (target, to_memory) = ends if kind != _TO_FILTER else ends[::-1]
        reorder = _Pointer()
        _check(c.dnnl_reorder_primitive_desc_create(
            ctypes.byref(reorder), source, library.engine, target, library.engine, None
        ))  # fmt: skip
        convert = _Call(library, made, reorder, {_SRC: from_memory, _DST: to_memory})
        descriptions = [forward, reorder] if kind == _FORWARD else [forward, description, reorder]
        self._made += [(c.dnnl_primitive_desc_destroy, handle) for handle in descriptions]
        self._calls = (convert, main) if kind != _TO_FILTER else (main, convert)

    def __del__(self) -> None:
        for destroy, handle in reversed(self._made):
            destroy(handle)

    def __call__(self, x: np.ndarray, filter: np.ndarray, y: np.ndarray) -> None:
        _run(self._library, ((self._x, x), (self._filter, filter), (self._y, y)), self._calls)


class MaxPooling:
    """The gradient of max pooling of images of one shape.

    What it has to know of the pooling is found by doing that again: it is a small part of the work.
    """

    def __init__(self, library: Library, images: int, depth: int, windows: Windows):
        self._library = library
        self._made: list[tuple[Any, Any]] = []
        c, made = library.c, self._made
        layouts = []
        for height, width in (windows.sizes, windows.counts):
            strides = (height * width * depth, 1, width * depth, depth)
            layouts.append(library.layout(made, (images, depth, height, width), strides))
        x, y = layouts
        moves = [_numbers(v) for v in (windows.strides, windows.window, (0, 0), windows.before, windows.after)]
        forward, backward = _Pointer(), _Pointer()
        _check(c.dnnl_pooling_forward_primitive_desc_create(
            ctypes.byref(forward), library.engine, _TRAINING, _MAX, x, y, *moves, None
        ))  # fmt: skip
        _check(c.dnnl_pooling_backward_primitive_desc_create(
            ctypes.byref(backward), library.engine, _MAX, x, y, *moves, forward, None
        ))  # fmt: skip
        layout = c.dnnl_primitive_desc_query_md(forward, _QUERY_WORKSPACE, 0)
        self._places = np.empty(c.dnnl_memory_desc_get_size(layout), np.uint8)
        self._greatest = np.empty((images, *windows.counts, depth), np.float32)
        places = library.memory(made, _Pointer(layout), self._places.ctypes.data)
        greatest = library.memory(made, y, self._greatest.ctypes.data)
        self._memories = [library.memory(made, layout) for layout in (x, y, x)]
        source, gradient, result = self._memories
        self._calls = (
            _Call(library, made, forward, {_SRC: source, _DST: greatest, _WORKSPACE: places}),
            _Call(library, made, backward, {_DIFF_DST: gradient, _WORKSPACE: places, _DIFF_SRC: result}),
        )
        self._made += [(c.dnnl_primitive_desc_destroy, handle) for handle in (forward, backward)]

    def __del__(self) -> None:
        for destroy, handle in reversed(self._made):
            destroy(handle)

    def __call__(self, *arrays: np.ndarray) -> None:
        _run(self._library, zip(self._memories, arrays), self._calls)


def _run(library: Library, memories: Any, calls: tuple) -> None:
    with library.lock:
        for memory, array in memories:
            _check(library.c.dnnl_memory_set_data_handle(memory, array.ctypes.data))
        for call in calls:
            call()
        _check(library.c.dnnl_stream_wait(library.stream))


class _Accelerated:
    """Functions of the table, by the library once it is loaded."""

    def __init__(self, path: str, before: Primitives):
        self._path = path
        self._before = before.convolve, before.convolve_to_input, before.convolve_to_filter, before.max_pool_to_input
        self._lock = threading.Lock()
        self._library: Library | None = None
        self._usable = True

    def _loaded(self) -> Library | None:
        if self._library is None and self._usable:
            with self._lock:
                try:
                    self._library = self._library or Library(self._path)
                except (OSError, AttributeError, Failure):
                    self._usable = False
        return self._library

    def _done(self, kind: int, x: np.ndarray, filter: np.ndarray, windows: Windows, y: np.ndarray) -> bool:
        """Whether the library did it."""
        library = self._for(windows, x, filter, y)
        if library is None:
            return False
        try:
            library.convolution(kind, len(x), x.shape[-1], y.shape[-1], windows)(x, filter, y)
        except Failure:
            return False
        return True

    def _for(self, windows: Windows, *arrays: np.ndarray) -> Library | None:
        """The library, if it takes these."""
        if len(windows.sizes) != 2 or any(a.dtype != np.float32 or not a.flags.c_contiguous for a in arrays):
            return None
        return self._loaded() if all(a.size for a in arrays) else None

    def convolve(self, x: np.ndarray, filter: np.ndarray, windows: Windows, out: np.ndarray) -> None:
        if not self._done(_FORWARD, x, filter, windows, out):
            self._before[0](x, filter, windows, out)

    def convolve_to_input(self, filter: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
        if not self._done(_TO_INPUT, out, filter, windows, gradient):
            self._before[1](filter, gradient, windows, out)

    def convolve_to_filter(self, x: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
        if not self._done(_TO_FILTER, x, out, windows, gradient):
            self._before[2](x, gradient, windows, out)

    def max_pool_to_input(
        self, x: np.ndarray, y: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray
    ) -> None:
        library = self._for(windows, x, gradient, out)
        if library is not None:
            try:
                library.max_pooling(len(x), x.shape[-1], windows)(x, gradient, out)
                return
            except Failure:
                pass
        self._before[3](x, y, gradient, windows, out)


def install(primitives: Primitives, path: str) -> None:
    """Has the library at that path do the convolutions it can do; it is loaded when the first one comes."""
    accelerated = _Accelerated(path, primitives)
    primitives.convolve = accelerated.convolve
    primitives.convolve_to_input = accelerated.convolve_to_input
    primitives.convolve_to_filter = accelerated.convolve_to_filter
    primitives.max_pool_to_input = accelerated.max_pool_to_input

"""Assertions about arrays and tensors."""

from __future__ import annotations

import collections.abc
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.tensor import Tensor

if TYPE_CHECKING:
    import unittest

    _Base = unittest.TestCase
else:
    _Base = object


class ArrayAssertions(_Base):
    """What `tf.test.TestCase` says about arrays. Tensors are evaluated first."""

    def evaluate(self, tensors: Any) -> Any:
        raise NotImplementedError

    def _GetNdArray(self, a: Any) -> np.ndarray:
        if isinstance(a, (Tensor, IndexedSlices)) or hasattr(a, "_as_graph_element"):
            a = self.evaluate(a)
        return a if isinstance(a, np.ndarray) else np.array(a)

    def assertNear(self, f1: float, f2: float, err: float, msg: Any = None) -> None:
        """Fails unless two numbers differ by at most `err`."""
        note = f" ({msg})" if msg is not None else ""
        self.assertTrue(f1 == f2 or math.fabs(f1 - f2) <= err, f"{f1:f} != {f2:f} +/- {err:f}{note}")

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: Any = None) -> None:
        self.assertEqual(len(farray1), len(farray2), msg=msg)
        for f1, f2 in zip(farray1, farray2):
            self.assertNear(float(f1), float(f2), err, msg=msg)

    def _NDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float) -> bool:
        return bool(np.linalg.norm(ndarray1 - ndarray2) < err)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: Any = None) -> None:
        self.assertTrue(self._NDArrayNear(ndarray1, ndarray2, err), msg=msg)

    def _close_arrays(self, a: Any, b: Any, rtol: float, atol: float, msg: str) -> None:
        a, b = self._GetNdArray(a), self._GetNdArray(b)
        contents = f" with contents {b}." if a.shape != b.shape and (b.ndim <= 3 or b.size < 500) else "."
        self.assertEqual(a.shape, b.shape, f"Shape mismatch: expected {a.shape}, got {b.shape}{contents}")
        a, b = _widened(a), _widened(b)
        if np.allclose(a, b, rtol=rtol, atol=atol):
            return
        wrong = np.logical_or(np.abs(a - b) > atol + rtol * np.abs(b), np.isnan(a) != np.isnan(b))
        x, y = (a[wrong], b[wrong]) if a.ndim else (a, b)
        lines = [
            msg,
            *([f"not close where = {np.where(wrong)}"] if a.ndim else []),
            f"not close lhs = {x}",
            f"not close rhs = {y}",
            f"not close dif = {np.abs(x - y)}",
            f"not close tol = {atol + rtol * np.abs(y)}",
            f"dtype = {a.dtype}, shape = {a.shape}",
        ]
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg="\n".join(lines), equal_nan=True)

    def _close(self, a: Any, b: Any, rtol: float, atol: float, path: list, msg: str) -> None:
        where = "".join(f"[{p}]" for p in path)
        a, b = (x._asdict() if hasattr(x, "_asdict") else x for x in (a, b))
        is_mapping = isinstance(a, collections.abc.Mapping)
        if is_mapping != isinstance(b, collections.abc.Mapping):
            raise ValueError(f"Can't compare dict to non-dict, a{where} vs b{where}. {msg}")
        if is_mapping:
            self.assertCountEqual(
                a.keys(),
                b.keys(),
                msg=f"mismatched keys: a{where} has keys {a.keys()}, but b{where} has keys {b.keys()}. {msg}",
            )
            for key in a:
                self._close(a[key], b[key], rtol, atol, [*path, key], msg)
        elif isinstance(a, (list, tuple)):
            try:
                arrays = self._GetNdArray(a), self._GetNdArray(b)
                self._close_arrays(*arrays, rtol, atol, f"Mismatched value: a{where} is different from b{where}. {msg}")
            except (ValueError, TypeError):
                if len(a) != len(b):
                    raise ValueError(
                        f"Mismatched length: a{where} has {len(a)} items, but b{where} has {len(b)} items. {msg}"
                    ) from None
                for i, (x, y) in enumerate(zip(a, b)):
                    self._close(x, y, rtol, atol, [*path, i], msg)
        else:
            try:
                self._close_arrays(a, b, rtol, atol, f"Mismatched value: a{where} is different from b{where}. {msg}")
            except TypeError as error:
                error.args = (f"{error.args[0]} : Error: a{where} has {type(a)}, but b{where} has {type(b)}. {msg}",)
                raise

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: Any = None) -> None:
        """Fails unless two structures of arrays have the same form and elements within the tolerances."""
        self._close(a, b, rtol, atol, [], msg or "")

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        bfloat16_rtol: float = 1e-2,
        bfloat16_atol: float = 1e-2,
        msg: Any = None,
    ) -> None:
        """`assertAllClose` with the tolerances of the less precise of the two dtypes."""
        a, b = self._GetNdArray(a), self._GetNdArray(b)
        for kinds, dtype_rtol, dtype_atol in (
            ((np.float32, np.complex64), float_rtol, float_atol),
            ((np.float16,), half_rtol, half_atol),
            ((dtypes.bfloat16.as_numpy_dtype,), bfloat16_rtol, bfloat16_atol),
        ):
            if a.dtype in kinds or b.dtype in kinds:
                rtol, atol = max(rtol, dtype_rtol), max(atol, dtype_atol)
        self.assertAllClose(a, b, rtol=rtol, atol=atol, msg=msg)

    def assertNotAllClose(self, a: Any, b: Any, **kwargs: Any) -> None:
        try:
            self.assertAllClose(a, b, **kwargs)
        except AssertionError:
            return
        raise AssertionError("The two values are close at all elements")

    def assertAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        """Fails unless two arrays have the same shape and elements; NaN equals NaN."""
        msg = msg or ""
        a, b = self._GetNdArray(a), self._GetNdArray(b)
        contents = f" Contents: {b}. \n{msg}." if b.ndim <= 3 or b.size < 500 else f" {msg}"
        self.assertEqual(a.shape, b.shape, f"Shape mismatch: expected {a.shape}, got {b.shape}.{contents}")
        a, b = _widened(a), _widened(b)
        same = a == b
        if a.dtype in (np.float16, np.float32, np.float64):
            same = np.logical_or(same, np.logical_and(np.isnan(a), np.isnan(b)))
        if not np.all(same):
            wrong = np.logical_not(same)
            x, y = (a[wrong], b[wrong]) if a.ndim else (a, b)
            lines = [msg, *([f"not equal where = {np.where(wrong)}"] if a.ndim else []),
                     f"not equal lhs = {x}", f"not equal rhs = {y}"]  # fmt: skip
            np.testing.assert_array_equal(a, b, err_msg="\n".join(lines))

    def assertNotAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        try:
            self.assertAllEqual(a, b, msg)
        except AssertionError:
            return
        raise AssertionError("The two values are equal at all elements")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        self.assertGreater(np.min(self._GetNdArray(a)), comparison_target)

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        self.assertLess(np.max(self._GetNdArray(a)), comparison_target)

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        self.assertGreaterEqual(np.min(self._GetNdArray(a)), comparison_target)

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        self.assertLessEqual(np.max(self._GetNdArray(a)), comparison_target)

    def assertAllInRange(
        self,
        target: Any,
        lower_bound: Any,
        upper_bound: Any,
        open_lower_bound: bool = False,
        open_upper_bound: bool = False,
    ) -> None:
        """Fails unless all elements lie between the bounds; open bounds are excluded."""
        target = self._GetNdArray(target)
        if not np.issubdtype(target.dtype, np.floating) and not np.issubdtype(target.dtype, np.integer):
            raise AssertionError(
                f"The value of {target} does not have an ordered numeric type, instead it has type: {target.dtype}"
            )
        if np.isnan(target).any():
            raise AssertionError(f"{np.isnan(target).sum()} of the {target.size} element(s) are NaN.")
        below = target <= lower_bound if open_lower_bound else target < lower_bound
        above = target >= upper_bound if open_upper_bound else target > upper_bound
        outside = below | above
        if outside.any():
            bounds = f"{'(' if open_lower_bound else '['}{lower_bound}, {upper_bound}{')' if open_upper_bound else ']'}"
            raise AssertionError(
                f"{outside.sum()} of the {target.size} element(s) are outside the range {bounds}. "
                "Subscript(s) and value(s) of the offending elements:\n" + _told(np.argwhere(outside), target)
            )

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        odd = np.setdiff1d(self._GetNdArray(target).flatten(), list(expected_set))
        if odd.size:
            raise AssertionError(f"{odd.size} unique element(s) are not in the set {expected_set}: {odd}")

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        self.assertEqual(self._GetNdArray(target).dtype, expected_dtype)

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: Any = None) -> None:
        """Fails unless the tensor's static shape is the array's shape."""
        if not isinstance(np_array, (np.ndarray, np.generic)):
            raise TypeError("np_array must be a Numpy ndarray or Numpy scalar")
        if not isinstance(tf_tensor, Tensor):
            raise TypeError("tf_tensor must be a Tensor")
        self.assertAllEqual(np_array.shape, tf_tensor.get_shape().as_list(), msg=msg)


def _widened(a: np.ndarray) -> np.ndarray:
    return dtypes.bfloat16_to_float32(a.view(np.ndarray)) if a.dtype == dtypes.bfloat16.as_numpy_dtype else a


def _told(subscripts: np.ndarray, values: np.ndarray) -> str:
    """The first ten elements at these places, a line each."""
    lines = [f"  {at} : {values[tuple(at)]}" for at in subscripts[:10]]
    return "\n".join(lines + ["  ..."] * (len(subscripts) > 10))

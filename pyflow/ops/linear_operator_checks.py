"""Checks of what linear operators promise."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal, assert_less
from pyflow.ops.complex_numbers import imag
from pyflow.ops.linalg_spectral import svd
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.reduce_functions import reduce_max, reduce_min


def has_no_zeros(x: Any, message: str) -> Any:
    """An operation that fails where an element is 0."""
    with name_scope("assert_no_entries_with_modulus_zero", values=[x]):
        x = convert_to_tensor(x, name="x")
        sizes = absolute(x)
        zero = convert_to_tensor(0, dtype=sizes.dtype)
        return assert_less(zero, sizes, message=message)


def is_real(x: Any, message: str) -> Any:
    """An operation that fails where an element has an imaginary part."""
    with name_scope("assert_zero_imag_part", values=[x]):
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_floating:
            return raw.NoOp()
        zero = convert_to_tensor(0, dtype=x.dtype.real_dtype)
        return assert_equal(zero, imag(x), message=message)


def is_well_conditioned(operator: Any) -> Any:
    """An operation that fails where the largest singular value is too many times the smallest for the precision."""
    values = svd(operator.to_dense(), compute_uv=False)
    ratio = reduce_max(values, axis=-1) / reduce_min(values, axis=-1)
    with name_scope("max_nonsingular_condition_number"):
        precision = np.finfo(operator.dtype.as_numpy_dtype).eps
        sides = [cast(x, ratio.dtype) for x in (operator.range_dimension_tensor(), operator.domain_dimension_tensor())]
        bound = 1.0 / (reduce_max([100.0, *sides]) * precision)
    return assert_less(ratio, bound, message="Singular matrix up to precision epsilon.")


def imaginary_part_is_zero(x: Any, message: str) -> Any:
    """An operation that fails where an element has an imaginary part, also of what is real by its type."""
    part = imag(x)
    return assert_equal(zeros_like(part), part, message=message)

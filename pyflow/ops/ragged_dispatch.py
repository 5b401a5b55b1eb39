"""Public functions that take ragged tensors too: they look for these among their arguments.

What they do then stands in `ragged_equivalents`, which is not loaded before.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from pyflow.core.api import PUBLIC
from pyflow.core.registry import OpDef

# By what their arguments are: one that may be ragged, a list of such, two, or others.
UNARY = """
check_numerics identity ones_like zeros_like clip_by_value bitwise.invert abs acos acosh angle asin asinh atan atanh
cast ceil conj cos cosh digamma erf erfc exp expm1 floor imag is_finite is_inf is_nan lgamma log log1p log_sigmoid
logical_not negative real reciprocal rint round rsqrt saturate_cast sign sin sinh sqrt square tan decode_compressed
string_to_number string_to_hash_bucket string_to_hash_bucket_fast string_to_hash_bucket_strong as_string decode_base64
encode_base64 strings.regex_full_match regex_replace string_strip substr strings.length strings.unicode_script
strings.to_hash_bucket
""".split()
UNARY_OF_LIST = "add_n string_join".split()
BINARY = """
bitwise.bitwise_and bitwise.bitwise_or bitwise.bitwise_xor bitwise.left_shift bitwise.right_shift add atan2 complex
div_no_nan divide equal floordiv floormod greater greater_equal less less_equal logical_and logical_or logical_xor
maximum minimum multiply not_equal pow realdiv squared_difference subtract truediv truncatediv truncatemod
""".split()
OTHERS = """
batch_gather concat expand_dims gather gather_nd one_hot rank size squeeze stack tile where dynamic_partition
unsorted_segment_sum unsorted_segment_prod unsorted_segment_min unsorted_segment_max unsorted_segment_mean
unsorted_segment_sqrt_n strings.reduce_join reduce_sum reduce_prod reduce_min reduce_max reduce_mean reduce_any
reduce_all
""".split()


def register() -> None:
    """Has the public functions look for ragged arguments. Ops that are public themselves do when they get them.

    Functions that are loaded later do from the next call on.
    """
    for name in (*UNARY, *UNARY_OF_LIST, *BINARY, *OTHERS):
        if name in PUBLIC:
            _register(name)


def _register(name: str) -> None:
    function = PUBLIC[name]
    if isinstance(function, OpDef):
        if function.of_composite is None:
            function.of_composite = _equivalent(name, function), _has_ragged
        return
    if getattr(function, "takes_ragged", False):
        return
    chosen: Any = _dispatching(function, _equivalent(name, function))
    chosen.takes_ragged = True
    for public in [key for key, value in PUBLIC.items() if value is function]:
        PUBLIC[public] = chosen
    module = vars(sys.modules[function.__module__])
    for key in [key for key, value in module.items() if value is function]:
        module[key] = chosen


def _equivalent(name: str, function: Callable) -> Callable:
    """What `function`, of that public name, does with ragged tensors."""

    @functools.cache
    def found() -> Callable:
        from pyflow.ops import ragged_equivalents

        return ragged_equivalents.find(name, function)

    return lambda *args, **kwargs: found()(*args, **kwargs)


def _is_ragged(value: Any) -> bool:
    return getattr(type(value), "has_ragged_rows", False)


def _has_ragged(values: Any) -> bool:
    return any(
        _is_ragged(value) or (isinstance(value, (list, tuple)) and any(map(_is_ragged, value))) for value in values
    )


def _dispatching(function: Callable, otherwise: Callable) -> Callable:
    """`function`, or `otherwise` when an argument is ragged."""

    @functools.wraps(function)
    def choose(*args: Any, **kwargs: Any) -> Any:
        if _has_ragged(args) or (kwargs and _has_ragged(kwargs.values())):
            return otherwise(*args, **kwargs)
        return function(*args, **kwargs)

    return choose

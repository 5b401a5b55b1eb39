"""tf.contrib.distributions.bijectors: y = scale x + shift of vectors; and the scales of such."""

from __future__ import annotations

from typing import Any

from pyflow.contrib.bijector import Bijector
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_diagonals import matrix_band_part, matrix_diag_part, matrix_set_diag
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_none_equal, assert_positive
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_kinds import (
    LinearOperatorDiag,
    LinearOperatorIdentity,
    LinearOperatorLowerTriangular,
    LinearOperatorScaledIdentity,
)
from pyflow.ops.linear_operator_low_rank import LinearOperatorLowRankUpdate
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import log

_SPACE = "contrib.distributions.bijectors."


def _tensor(value: Any, name: str) -> Any:
    return None if value is None else convert_to_tensor(value, name=name)


def _checked_entries(entries: Tensor, of: Tensor, validate_args: bool, assert_positive_: bool) -> Tensor:
    if not validate_args:
        return of
    if assert_positive_:
        return with_dependencies([assert_positive(entries, message="diagonal part must be positive")], of)
    check = assert_none_equal(entries, zeros([], of.dtype), message="diagonal part must be non-zero")
    return with_dependencies([check], of)


def make_diag_scale(
    loc: Any = None,
    scale_diag: Any = None,
    scale_identity_multiplier: Any = None,
    shape_hint: Any = None,
    validate_args: bool = False,
    assert_positive: bool = False,
    name: str | None = None,
) -> LinearOperator:
    """A diagonal operator: of `scale_diag` plus the multiplier, or a multiple of the identity.

    Raises:
      ValueError: there is nothing that says the size.
    """
    with name_scope(name, "make_diag_scale", values=[loc, scale_diag, scale_identity_multiplier]):
        start: Any = _tensor(loc, "loc")
        diag = _tensor(scale_diag, "scale_diag")
        multiplier: Any = _tensor(scale_identity_multiplier, "scale_identity_multiplier")
        signs: dict[str, Any] = {"is_non_singular": True, "is_self_adjoint": True}
        if diag is not None:
            if multiplier is not None:
                diag += multiplier[..., None]
            diag = _checked_entries(diag, diag, validate_args, assert_positive)
            return LinearOperatorDiag(diag=diag, is_positive_definite=assert_positive, **signs)
        if loc is None and shape_hint is None:
            raise ValueError("Cannot infer `event_shape` unless `loc` or `shape_hint` is specified.")
        if shape_hint is None:
            shape_hint = dimension_value(start.shape[-1])
        if multiplier is None:
            return LinearOperatorIdentity(
                num_rows=shape_hint,
                dtype=start.dtype.base_dtype,
                is_self_adjoint=True,
                is_positive_definite=True,
                assert_proper_shapes=validate_args,
            )
        multiplier = _checked_entries(multiplier, multiplier, validate_args, assert_positive)
        return LinearOperatorScaledIdentity(
            num_rows=shape_hint,
            multiplier=multiplier,
            is_positive_definite=assert_positive,
            assert_proper_shapes=validate_args,
            **signs,
        )


def make_tril_scale(
    loc: Any = None,
    scale_tril: Any = None,
    scale_diag: Any = None,
    scale_identity_multiplier: Any = None,
    shape_hint: Any = None,
    validate_args: bool = False,
    assert_positive: bool = False,
    name: str | None = None,
) -> LinearOperator:
    """A lower triangle to whose diagonal the others are added; without it as `make_diag_scale`."""
    if scale_tril is None:
        return make_diag_scale(
            loc, scale_diag, scale_identity_multiplier, shape_hint, validate_args, assert_positive, name
        )
    with name_scope(name, "make_tril_scale", values=[loc, scale_diag, scale_identity_multiplier]):
        tril, diag = _tensor(scale_tril, "scale_tril"), _tensor(scale_diag, "scale_diag")
        multiplier = _tensor(scale_identity_multiplier, "scale_identity_multiplier")
    tril = matrix_band_part(tril, -1, 0)
    entries = matrix_diag_part(tril)
    if diag is not None:
        entries += diag
    if multiplier is not None:
        entries += multiplier[..., None]
    tril = matrix_set_diag(tril, entries)
    tril = _checked_entries(matrix_diag_part(tril), tril, validate_args, assert_positive)
    return LinearOperatorLowerTriangular(
        tril=tril, is_non_singular=True, is_self_adjoint=False, is_positive_definite=assert_positive
    )


class _Affine(Bijector):
    """y = scale x + shift, with a linear operator or None."""

    _shift: Any
    _scale: Any
    shift = property(lambda self: self._shift)
    scale = property(lambda self: self._scale)

    def _checks(self) -> list[Any]:
        if not self.validate_args:
            return []
        try:
            return [self.scale.assert_non_singular()]
        except NotImplementedError:
            return []

    def _forward(self, x: Tensor) -> Tensor:
        y = x
        if self.scale is not None:
            with control_dependencies(self._checks()):
                y = self.scale.matvec(y)
        return y if self.shift is None else y + self.shift

    def _inverse(self, y: Tensor) -> Tensor:
        x = y if self.shift is None else y - self.shift
        return x if self.scale is None else self.scale.solvevec(x)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        if self.scale is None:
            return constant(0.0, dtype=x.dtype.base_dtype)
        with control_dependencies(self._checks()):
            return self.scale.log_abs_determinant()


@export(_SPACE + "AffineLinearOperator")
class AffineLinearOperator(_Affine):
    """y = scale x + shift of vectors, where `scale` is a `LinearOperator`.

    Raises:
      TypeError: it is none, or of another dtype than `shift`.
      ValueError: it is to be validated, and may be singular.
    """

    def __init__(
        self, shift: Any = None, scale: Any = None, validate_args: bool = False, name: str = "affine_linear_operator"
    ):
        parents, dtype = [], dtypes.float32
        with name_scope(name), name_scope("init", values=[shift]):
            if shift is not None:
                shift = convert_to_tensor(shift, name="shift")
                parents.append(shift)
                dtype = shift.dtype.base_dtype
            if scale is not None:
                if shift is not None and shift.dtype.base_dtype != scale.dtype.base_dtype:
                    raise TypeError(f"shift.dtype({shift.dtype}) is incompatible with scale.dtype({scale.dtype}).")
                if not isinstance(scale, LinearOperator):
                    raise TypeError("scale is not an instance of tf.LinearOperator")
                if validate_args and not scale.is_non_singular:
                    raise ValueError("Scale matrix must be non-singular.")
                parents += scale.graph_parents
                dtype = scale.dtype.base_dtype
        self._shift, self._scale = shift, scale
        super().__init__(
            forward_min_event_ndims=1,
            graph_parents=parents,
            is_constant_jacobian=True,
            dtype=dtype,
            validate_args=validate_args,
            name=name,
        )


@export(_SPACE + "Affine")
class Affine(_Affine):
    """y = scale x + shift of vectors, where `scale` is the sum of what is given of a scale; by default the identity.

    Args:
      scale_identity_multiplier: of the identity.
      scale_diag: [..., k].
      scale_tril: [..., k, k], of which the lower triangle counts.
      scale_perturb_factor, scale_perturb_diag: [..., k, r] and [..., r]: adds factor diag(perturb_diag) factor^T.

    Raises:
      ValueError: a diagonal is given without its factor.
    """

    def __init__(
        self,
        shift: Any = None,
        scale_identity_multiplier: Any = None,
        scale_diag: Any = None,
        scale_tril: Any = None,
        scale_perturb_factor: Any = None,
        scale_perturb_diag: Any = None,
        validate_args: bool = False,
        name: str = "affine",
    ):
        if scale_perturb_diag is not None and scale_perturb_factor is None:
            raise ValueError("When scale_perturb_diag is specified, scale_perturb_factor must be specified.")
        self._is_only_identity_multiplier = scale_tril is None and scale_diag is None and scale_perturb_factor is None
        given = [scale_identity_multiplier, scale_diag, scale_tril, scale_perturb_diag, scale_perturb_factor]
        with name_scope(name), name_scope("init", values=[shift, *given]):
            dtype = dtypes.float32
            if shift is not None:
                shift = convert_to_tensor(shift, name="shift")
                dtype = shift.dtype.base_dtype
            self._shift = shift
            if self._is_only_identity_multiplier and scale_identity_multiplier is None:
                scale_identity_multiplier = convert_to_tensor(1.0, dtype=dtype)
            multiplier = _tensor(scale_identity_multiplier, "identity_multiplier")
            diag, tril = _tensor(scale_diag, "diag"), _tensor(scale_tril, "tril")
            perturb_diag = _tensor(scale_perturb_diag, "perturb_diag")
            factor = _tensor(scale_perturb_factor, "perturb_factor")
            scale: Any
            if self._is_only_identity_multiplier:
                scale = multiplier
                if validate_args:
                    words = ["identity_multiplier should be non-zero."]
                    scale = with_dependencies([assert_none_equal(scale, zeros([], scale.dtype), words)], scale)
                parents = [scale]
            else:
                hint = None if factor is None else dimension_value(factor.shape[-2])
                scale = make_tril_scale(shift, tril, diag, multiplier, hint, validate_args, False)
                if factor is not None:
                    scale = LinearOperatorLowRankUpdate(
                        scale,
                        u=factor,
                        diag_update=perturb_diag,
                        is_diag_update_positive=perturb_diag is None,
                        is_non_singular=True,
                        is_self_adjoint=True,
                        is_positive_definite=True,
                        is_square=True,
                    )
                if shift is not None and shift.dtype.base_dtype != scale.dtype.base_dtype:
                    raise TypeError(f"shift.dtype({shift.dtype}) is incompatible with scale.dtype({scale.dtype}).")
                parents = list(scale.graph_parents) + ([shift] if shift is not None else [])
            self._scale = scale
        super().__init__(
            forward_min_event_ndims=1,
            graph_parents=parents,
            is_constant_jacobian=True,
            dtype=scale.dtype.base_dtype,
            validate_args=validate_args,
            name=name,
        )

    def _forward(self, x: Tensor) -> Tensor:
        if not self._is_only_identity_multiplier:
            return super()._forward(x)
        y = x * self._scale
        return y if self.shift is None else y + self.shift

    def _inverse(self, y: Tensor) -> Tensor:
        if not self._is_only_identity_multiplier:
            return super()._inverse(y)
        return (y if self.shift is None else y - self.shift) / self._scale

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        if not self._is_only_identity_multiplier:
            return super()._forward_log_det_jacobian(x)
        return log(absolute(self._scale)) * cast(shape(x)[-1], dtype=self._scale.dtype)

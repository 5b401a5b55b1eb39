"""tf.contrib.distributions: normal distributions of vectors, by what their scale is given as."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.contrib.bijectors_affine import AffineLinearOperator, make_diag_scale, make_tril_scale
from pyflow.contrib.transformed_distribution import TransformedDistribution
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.distributions.kullback_leibler import RegisterKL
from pyflow.distributions.location_scale import Normal
from pyflow.ops.array import matrix_transpose
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from pyflow.ops.array_diagonals import matrix_diag, matrix_diag_part
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_near
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.linalg_cholesky import cholesky
from pyflow.ops.linear_operator_kinds import LinearOperatorDiag, LinearOperatorIdentity, LinearOperatorScaledIdentity
from pyflow.ops.linear_operator_low_rank import LinearOperatorLowRankUpdate
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import sqrt, square
from pyflow.ops.nn_activations import softplus
from pyflow.ops.reduce_functions import reduce_sum

_SPACE = "contrib.distributions."


def _shapes(loc: Any, scale: Any) -> tuple[Any, Any]:
    """The batch shape and the event shape of a location and a scale, as vectors.

    Raises:
      ValueError: they do not fit.
    """
    with name_scope("shapes_from_loc_and_scale", values=[loc, *scale.graph_parents]):
        size = scale.range_dimension.value
        event = scale.range_dimension_tensor()[None] if size is None else np.reshape(size, [1])
        batch: Any = scale.batch_shape_tensor()
        known = np.array(scale.batch_shape.as_list(), np.int32) if scale.batch_shape.is_fully_defined() else None
        batch = batch if known is None else known
        if loc is None:
            return batch, event
        own = None if loc.shape.ndims is None else dimension_value(loc.shape[-1])
        if own is not None and size is not None and own not in (1, int(size)):
            raise ValueError(f"Event size of 'scale' ({own}) could not be broadcast up to that of 'loc' ({int(size)}).")
        of_loc = loc.shape.with_rank_at_least(1)[:-1]
        if of_loc.is_fully_defined() and known is not None:
            return np.array(np.broadcast_shapes(tuple(known), tuple(of_loc.as_list())), np.int32), event
        together = broadcast_dynamic_shape(batch, shape(loc)[:-1])
        together.set_shape([broadcast_static_shape(scale.batch_shape, of_loc).ndims])
        return together, event


def _is_diagonal(scale: Any) -> bool:
    return isinstance(scale, (LinearOperatorIdentity, LinearOperatorScaledIdentity, LinearOperatorDiag))


@export(_SPACE + "MultivariateNormalLinearOperator")
class MultivariateNormalLinearOperator(TransformedDistribution):
    """Vectors loc + scale z, where z are independent standard normal numbers.

    Args:
      loc: [..., k], or None for 0.
      scale: a `LinearOperator` [..., k, k].

    Raises:
      ValueError: there is no scale, or its size does not fit.
      TypeError: the scale is not of floats.
    """

    def __init__(
        self,
        loc: Any = None,
        scale: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalLinearOperator",
    ):
        own = dict(locals())
        own.pop("__class__", None)
        if scale is None:
            raise ValueError("Missing required `scale` parameter.")
        if not scale.dtype.is_floating:
            raise TypeError("`scale` parameter must have floating-point dtype.")
        with name_scope(name, values=[loc, *scale.graph_parents]) as scope:
            loc = None if loc is None else convert_to_tensor(loc, name="loc")
            batch_shape, event_shape = _shapes(loc, scale)
        super().__init__(
            distribution=Normal(loc=zeros([], dtype=scale.dtype), scale=ones([], dtype=scale.dtype)),
            bijector=AffineLinearOperator(shift=loc, scale=scale, validate_args=validate_args),
            batch_shape=batch_shape,
            event_shape=event_shape,
            validate_args=validate_args,
            name=scope,
        )
        self._parameters = {key: value for key, value in own.items() if key != "self"}

    loc = property(lambda self: self.bijector.shift)
    scale = property(lambda self: self.bijector.scale)

    def _mean(self) -> Tensor:
        whole = self.batch_shape.concatenate(self.event_shape)
        known = whole.is_fully_defined()
        sizes = whole if known else concat([self.batch_shape_tensor(), self.event_shape_tensor()], 0)
        if self.loc is None:
            return zeros(sizes, self.dtype)
        if known and whole == self.loc.get_shape():
            return identity(self.loc)
        return identity(self.loc) + zeros(sizes, self.dtype)

    def _mode(self) -> Tensor:
        return self._mean()

    def _covariance(self) -> Tensor:
        if _is_diagonal(self.scale):
            return matrix_diag(square(self.scale.diag_part()))
        return self.scale.matmul(self.scale.to_dense(), adjoint_arg=True)

    def _variance(self) -> Tensor:
        if _is_diagonal(self.scale):
            return square(self.scale.diag_part())
        if isinstance(self.scale, LinearOperatorLowRankUpdate) and self.scale.is_self_adjoint:
            return matrix_diag_part(self.scale.matmul(self.scale.to_dense()))
        return matrix_diag_part(self._covariance())

    def _stddev(self) -> Tensor:
        return absolute(self.scale.diag_part()) if _is_diagonal(self.scale) else sqrt(self._variance())


class _Named(MultivariateNormalLinearOperator):
    """Scales are made within the scope `init` of the distribution's own."""

    def _of_scale(self, own: dict[str, Any], make: Callable[[], Any]) -> None:
        own.pop("self")
        own.pop("__class__", None)
        with name_scope(own["name"]) as scope, name_scope("init"):
            loc, scale = make()
        options = {key: own[key] for key in ("validate_args", "allow_nan_stats")}
        MultivariateNormalLinearOperator.__init__(self, loc=loc, scale=scale, name=scope, **options)
        self._parameters = own


@export(_SPACE + "MultivariateNormalDiag")
class MultivariateNormalDiag(_Named):
    """Of independent numbers; the scale's diagonal is `scale_diag` + `scale_identity_multiplier`, by default 1.

    Raises:
      ValueError: nothing says how many numbers there are.
    """

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiag",
    ):
        def make() -> tuple[Any, Any]:
            start = None if loc is None else convert_to_tensor(loc, name="loc")
            scale = make_diag_scale(
                start, scale_diag, scale_identity_multiplier, validate_args=validate_args, assert_positive=False
            )
            return start, scale

        own = dict(locals())
        own.pop("make")
        self._of_scale(own, make)


@export(_SPACE + "MultivariateNormalDiagWithSoftplusScale")
class MultivariateNormalDiagWithSoftplusScale(MultivariateNormalDiag):
    """`MultivariateNormalDiag` with softplus(`scale_diag`) on the diagonal."""

    def __init__(
        self,
        loc: Any,
        scale_diag: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiagWithSoftplusScale",
    ):
        own = {key: value for key, value in locals().items() if key not in ("self", "__class__")}
        with name_scope(name, values=[scale_diag]) as scope:
            super().__init__(
                loc=loc,
                scale_diag=softplus(scale_diag),
                validate_args=validate_args,
                allow_nan_stats=allow_nan_stats,
                name=scope,
            )
        self._parameters = own


@export(_SPACE + "MultivariateNormalTriL")
class MultivariateNormalTriL(_Named):
    """With a lower triangle [..., k, k] for a scale; by default the identity.

    Raises:
      ValueError: neither is given.
    """

    def __init__(
        self,
        loc: Any = None,
        scale_tril: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalTriL",
    ):
        if loc is None and scale_tril is None:
            raise ValueError("Must specify one or both of `loc`, `scale_tril`.")

        def make() -> tuple[Any, Any]:
            start = None if loc is None else convert_to_tensor(loc, name="loc")
            tril = None if scale_tril is None else convert_to_tensor(scale_tril, name="scale_tril")
            if tril is None:
                assert start is not None
                return start, LinearOperatorIdentity(
                    num_rows=dimension_value(start.shape[-1]) or shape(start)[-1],
                    dtype=start.dtype,
                    is_self_adjoint=True,
                    is_positive_definite=True,
                    assert_proper_shapes=validate_args,
                )
            return start, make_tril_scale(
                loc=start, scale_tril=tril, validate_args=validate_args, assert_positive=False
            )

        own = dict(locals())
        own.pop("make")
        self._of_scale(own, make)


@export(_SPACE + "MultivariateNormalFullCovariance")
class MultivariateNormalFullCovariance(MultivariateNormalTriL):
    """With a covariance [..., k, k], of which the Cholesky factor is the scale."""

    def __init__(
        self,
        loc: Any = None,
        covariance_matrix: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalFullCovariance",
    ):
        own = {key: value for key, value in locals().items() if key not in ("self", "__class__")}
        with name_scope(name) as scope:
            with name_scope("init", values=[loc, covariance_matrix]):
                factor = None
                if covariance_matrix is not None:
                    covariance = convert_to_tensor(covariance_matrix, name="covariance_matrix")
                    if validate_args:
                        check = assert_near(
                            covariance, matrix_transpose(covariance), message="Matrix was not symmetric"
                        )
                        covariance = with_dependencies([check], covariance)
                    factor = cholesky(covariance)
            super().__init__(loc, factor, validate_args, allow_nan_stats, scope)
        self._parameters = own


@export(_SPACE + "MultivariateNormalDiagPlusLowRank")
class MultivariateNormalDiagPlusLowRank(_Named):
    """With the scale diag + factor diag(perturb_diag) factor^T, where factor is [..., k, r]."""

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        scale_perturb_factor: Any = None,
        scale_perturb_diag: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiagPlusLowRank",
    ):
        def make() -> tuple[Any, Any]:
            low_rank = scale_perturb_factor is not None or scale_perturb_diag is not None
            start = None if loc is None else convert_to_tensor(loc, name="loc")
            scale: Any = make_diag_scale(
                start, scale_diag, scale_identity_multiplier, validate_args=validate_args, assert_positive=low_rank
            )
            if low_rank:
                scale = LinearOperatorLowRankUpdate(
                    scale,
                    u=scale_perturb_factor,
                    diag_update=scale_perturb_diag,
                    is_diag_update_positive=scale_perturb_diag is None,
                    is_non_singular=True,
                    is_self_adjoint=True,
                    is_positive_definite=True,
                    is_square=True,
                )
            return start, scale

        own = dict(locals())
        own.pop("make")
        self._of_scale(own, make)


@RegisterKL(MultivariateNormalLinearOperator, MultivariateNormalLinearOperator)
def _kl_of_vectors(a: Any, b: Any, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_mvn", [a.loc, b.loc, *a.scale.graph_parents, *b.scale.graph_parents]):
        if _is_diagonal(a.scale) and _is_diagonal(b.scale):
            ratio = (a.stddev() / b.stddev())[..., None]
        else:
            ratio = b.scale.solve(a.scale.to_dense())
        apart = b.scale.solve((b.mean() - a.mean())[..., None])
        squares = reduce_sum(square(ratio), axis=[-2, -1]) + reduce_sum(square(apart), axis=[-2, -1])
        size = cast(a.scale.domain_dimension_tensor(), a.dtype)
        divergence = b.scale.log_abs_determinant() - a.scale.log_abs_determinant() + 0.5 * (-size + squares)
        divergence.set_shape(broadcast_static_shape(a.batch_shape, b.batch_shape))
        return divergence

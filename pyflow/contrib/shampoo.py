"""tf.contrib.opt.ShampooOptimizer: steps preconditioned in each dimension of a variable (Gupta et al., 2018)."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import colocate_with, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, transpose
from pyflow.ops.array_filling import zeros, zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_scatter import scatter_nd
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import greater, logical_and
from pyflow.ops.cond import cond
from pyflow.ops.division import mod
from pyflow.ops.linalg_basics import eye
from pyflow.ops.linalg_norm import norm
from pyflow.ops.linalg_spectral import svd
from pyflow.ops.math_binary import maximum
from pyflow.ops.math_binary import pow as power
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import sqrt
from pyflow.ops.matmul import matmul
from pyflow.ops.reduce_functions import reduce_max, reduce_sum
from pyflow.ops.state import assign, assign_add, assign_sub
from pyflow.ops.state_scatter import scatter_add
from pyflow.ops.tensordot import tensordot
from pyflow.ops.while_loop import while_loop
from pyflow.platform import logging
from pyflow.train.optimizer import Optimizer


def matrix_square_root(mat_a: Any, mat_a_size: int, iter_count: int = 100, ridge_epsilon: float = 1e-4) -> Tensor:
    """The square root of a positive matrix, by the coupled Newton iteration, until it gets no better."""
    unit = eye(cast(mat_a_size, dtypes.int32))
    matrix = mat_a + ridge_epsilon * unit
    size = sqrt(reduce_sum(matrix * matrix))

    def go_on(i: Any, y: Any, old_y: Any, z: Any, old_z: Any, error: Any, old_error: Any) -> Tensor:
        return logical_and(i < iter_count, error < old_error)

    def improve(i: Any, y: Any, old_y: Any, z: Any, old_z: Any, error: Any, old_error: Any) -> tuple:
        step = 0.5 * (3.0 * unit - matmul(z, y))
        new_y, new_z = matmul(y, step), matmul(step, z)
        root = new_y * sqrt(size)
        rest = matrix - matmul(root, root)
        return i + 1, new_y, y, new_z, z, sqrt(reduce_sum(rest * rest)) / size, error

    start = [0, matrix / size, matrix / size, unit, unit, size, size + 1.0]
    return while_loop(go_on, improve, start)[2] * sqrt(size)


def matrix_inverse_pth_root(
    mat_g: Any,
    mat_g_size: int,
    alpha: float,
    iter_count: int = 100,
    epsilon: float = 1e-6,
    ridge_epsilon: float = 1e-6,
) -> Tensor:
    """A positive matrix to the power `alpha`, of which -1 / alpha is a whole number (Guo and Higham, 2006)."""
    if mat_g_size == 1:
        return power(mat_g + ridge_epsilon, alpha)
    unit = eye(cast(mat_g_size, dtypes.int32))

    def raised(matrix: Any, exponent: float) -> Any:
        assert exponent == int(exponent) and exponent > 0
        result, left = None, int(exponent)
        while left > 0:
            if left % 2 == 1:
                result = matrix if result is None else matmul(matrix, result)
            left //= 2
            matrix = matmul(matrix, matrix)
        return result

    def go_on(i: Any, m: Any, _: Any) -> Tensor:
        return logical_and(i < iter_count, reduce_max(absolute(m - unit)) > epsilon)

    def improve(i: Any, m: Any, x: Any) -> tuple:
        mixed = (1 - alpha) * unit + alpha * m
        return i + 1, matmul(raised(mixed, -1.0 / alpha), m), matmul(x, mixed)

    damped = mat_g + ridge_epsilon * unit
    z = (1 - 1 / alpha) / (2 * norm(damped))
    return while_loop(go_on, improve, [0, damped * z, unit * power(z, -alpha)])[2]


def GetParam(var: Any, timestep: Any) -> Any:
    """A parameter that may be a function of the time."""
    return var(timestep) if callable(var) else var


@export("contrib.opt.ShampooOptimizer")
class ShampooOptimizer(Optimizer):
    """Gradients multiplied, in each dimension, by a power of the averaged product of gradients.

    Most arguments may be functions of the global step.

    Args:
      global_step: the global step.
      max_matrix_size: dimensions above it have a diagonal instead of a matrix.
      gbar_decay, gbar_weight: of the average of gradients.
      mat_gbar_decay, mat_gbar_weight: of the averages of products.
      svd_interval, precond_update_interval: in how many steps powers and averages are computed once.
      epsilon: added to the diagonals.
      alpha: the power, divided by the number of dimensions.
      use_iterative_root: powers by iteration instead of singular values.
    """

    def __init__(
        self,
        global_step: Any = 0,
        max_matrix_size: int = 768,
        gbar_decay: Any = 0.0,
        gbar_weight: Any = 1.0,
        mat_gbar_decay: Any = 1.0,
        mat_gbar_weight: Any = 1.0,
        learning_rate: Any = 1.0,
        svd_interval: Any = 1,
        precond_update_interval: Any = 1,
        epsilon: float = 1e-4,
        alpha: Any = 0.5,
        use_iterative_root: bool = False,
        use_locking: bool = False,
        name: str = "Shampoo",
    ):
        super().__init__(use_locking, name)
        self._global_step = cast(global_step, dtypes.float32)
        self._max_matrix_size = max_matrix_size
        self._gbar_decay, self._gbar_weight = gbar_decay, gbar_weight
        self._mat_gbar_decay, self._mat_gbar_weight = mat_gbar_decay, mat_gbar_weight
        self._learning_rate, self._svd_interval = learning_rate, svd_interval
        self._precond_update_interval, self._epsilon = precond_update_interval, epsilon
        self._alpha, self._use_iterative_root = alpha, use_iterative_root

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            with colocate_with(var):
                self._zeros_slot(var, "gbar", self._name)
                for i, size in enumerate(var.get_shape().as_list()):
                    if size <= self._max_matrix_size:
                        start = zeros_like(eye(size))
                        if self._svd_interval > 1:
                            self._get_or_make_slot(var, eye(size), f"H_{i}", self._name)
                    else:
                        start = zeros([size])
                    self._get_or_make_slot(var, start, f"Gbar_{i}", self._name)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return self._apply_gradient(grad, var)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return self._apply_gradient(grad, handle)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._apply_rows(grad.values, grad.indices, var)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._apply_rows(grad, indices, handle)

    def _apply_rows(self, grad: Any, indices: Any, var: Any) -> Any:
        if var.get_shape()[0] <= self._max_matrix_size or self._gbar_decay != 0.0:
            dense = scatter_nd(expand_dims(indices, axis=1), grad, shape(var, out_type=indices.dtype))
            return self._apply_gradient(dense, var)
        return self._apply_gradient(grad, var, indices)

    def _weighted_average(self, var: Any, weight: Any, weight_t: Any, rest: Any) -> Any:
        if weight == 0.0:
            return rest
        if weight == 1.0:
            return assign_add(var, rest)
        return var.assign_add((weight_t - 1) * var + rest)

    def _update_mat_g(self, mat_g: Any, grad: Any, axes: list[int], decay: Any, weight: Any, i: int) -> Any:
        outer = tensordot(grad, grad, axes=(axes, axes), name=f"grad_outer_{i}")
        return self._weighted_average(mat_g, self._mat_gbar_decay, decay, weight * outer)

    def _compute_power(self, var: Any, mat_g: Any, size: int, alpha: Any, slot: str | None = None) -> Any:
        with name_scope("matrix_iterative_power"):
            if self._use_iterative_root:
                root = matrix_square_root(mat_g, size, 100, self._epsilon)
                result = matrix_inverse_pth_root(root, size, 2 * alpha, 100, 1e-6, ridge_epsilon=0.0)
            elif size == 1:
                result = power(mat_g + self._epsilon, alpha)
            else:
                damping = self._epsilon * eye(cast(size, dtypes.int32))
                values, u, v = svd(mat_g + damping, full_matrices=True)
                result = matmul(v * power(maximum(values, self._epsilon), alpha), transpose(u))
            return result if slot is None else assign(self.get_slot(var, slot), result)

    def _apply_gradient(self, grad: Any, var: Any, indices: Any = None) -> Any:
        """Updates a variable, or the rows `indices` of it."""
        step = self._global_step + 1
        if indices is not None:
            if self._gbar_decay != 0.0:
                logging.warning(f"Not applying momentum for variable: {var.name}")
            conditioned = grad
        else:
            decay, weight = GetParam(self._gbar_decay, step), GetParam(self._gbar_weight, step)
            conditioned = self._weighted_average(self.get_slot(var, "gbar"), self._gbar_decay, decay, weight * grad)
        sizes = var.get_shape().as_list()
        exponent = -GetParam(self._alpha, step) / len(sizes)
        for i, size in enumerate(sizes):
            axes = [axis for axis in range(len(sizes)) if axis != i]
            if size <= self._max_matrix_size:
                matrix = self._matrix_power(grad, var, i, size, axes, exponent, step)
                conditioned = tensordot(conditioned, matrix, axes=([0], [0]), name=f"precond_{i}")
            else:
                scales = self._diagonal_power(grad, var, i, size, axes, exponent, step, indices)
                conditioned = transpose(conditioned, perm=[*range(1, len(sizes)), 0]) * scales
        rate = GetParam(self._learning_rate, step)
        if indices is not None:
            return scatter_add(var, indices, -rate * conditioned)
        return assign_sub(var, rate * conditioned)

    def _matrix_power(self, grad: Any, var: Any, i: int, size: int, axes: list[int], exponent: Any, step: Any) -> Any:
        mat_g = self.get_slot(var, f"Gbar_{i}")
        decay, weight = GetParam(self._mat_gbar_decay, step), GetParam(self._mat_gbar_weight, step)
        every = GetParam(self._precond_update_interval, step)
        averaged = cond(
            mod(step, every) < 1,
            lambda: convert_to_tensor(self._update_mat_g(mat_g, grad, axes, decay, weight * every, i)),
            lambda: convert_to_tensor(mat_g),
        )
        averaged = averaged / float(size)
        if self._svd_interval == 1:
            return self._compute_power(var, averaged, size, exponent)
        return cond(
            mod(step, GetParam(self._svd_interval, step)) < 1,
            lambda: convert_to_tensor(self._compute_power(var, averaged, size, exponent, f"H_{i}")),
            lambda: convert_to_tensor(self.get_slot(var, f"H_{i}")),
        )

    def _diagonal_power(
        self, grad: Any, var: Any, i: int, size: int, axes: list[int], exponent: Any, step: Any, indices: Any
    ) -> Any:
        mat_g = self.get_slot(var, f"Gbar_{i}")
        decay, weight = GetParam(self._mat_gbar_decay, step), GetParam(self._mat_gbar_weight, step)
        squares = grad * grad
        if axes:
            squares = reduce_sum(squares, axis=axes) / (1.0 if indices is not None else float(size))
        if i == 0 and indices is not None:
            assert self._mat_gbar_decay == 1.0
            averaged: Any = gather(scatter_add(mat_g, indices, weight * squares), indices)
        else:
            averaged = self._weighted_average(mat_g, self._mat_gbar_decay, decay, weight * squares)
        return where(greater(averaged, 0), power(averaged, exponent), zeros_like(averaged))

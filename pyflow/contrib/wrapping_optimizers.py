"""tf.contrib.opt: optimizers around others, which average, clip or leave out."""

from __future__ import annotations

import contextlib
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.scopes import colocate_with, control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_gather import gather
from pyflow.ops.array_identity import identity
from pyflow.ops.cast import cast
from pyflow.ops.clip import clip_by_global_norm, clip_by_norm, global_norm
from pyflow.ops.comparison import equal, less_equal
from pyflow.ops.cond import cond
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import group, no_op
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.reduce_functions import count_nonzero
from pyflow.ops.resource_variable_base import is_resource_variable
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variables import global_variables
from pyflow.platform import logging
from pyflow.summary.functions import scalar
from pyflow.train.global_step import get_global_step
from pyflow.train.moving_averages import ExponentialMovingAverage
from pyflow.train.optimizer import Optimizer
from pyflow.train.saveables import names_of
from pyflow.train.saver import Saver


@export("contrib.opt.MovingAverageOptimizer")
class MovingAverageOptimizer(Optimizer):
    """An optimizer that keeps moving averages of the variables, and a saver that saves these in their place.

    Args:
      opt: the optimizer around which this is.
      average_decay, num_updates: of `tf.train.ExponentialMovingAverage`.
      sequential_update: whether the averages are taken after the update.
    """

    def __init__(
        self, opt: Any, average_decay: float = 0.9999, num_updates: Any = None, sequential_update: bool = True
    ):
        self._optimizer = opt
        self._ema = ExponentialMovingAverage(average_decay, num_updates=num_updates)
        self._swapped_variable_name_map: dict[str, str] | None = None
        self._sequential_update = sequential_update

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        train = self._optimizer.apply_gradients(grads_and_vars, global_step=global_step, name=name)
        variables = [variable for gradient, variable in grads_and_vars if gradient is not None]
        with control_dependencies([train] if self._sequential_update else []):
            average = self._ema.apply(variables)
        self._swapped_variable_name_map = swapped = {}
        for variable in variables:
            own, averaged = variable.op.name, self._ema.average(variable).op.name
            swapped[own], swapped[averaged] = averaged, own
        return group(train, average, name="train_with_avg")

    def _find_swapped_variable(self, v_name_to_tensor: dict[str, Any], v_name: str, tensor: Any) -> Any:
        other = (self._swapped_variable_name_map or {}).get(v_name)
        if other is None:
            return tensor
        if other not in v_name_to_tensor:
            raise ValueError(
                f"Variable to swap {other} is not part of variables to save. This breaks MovingAverageOptimizer."
            )
        return v_name_to_tensor[other]

    def swapping_saver(self, var_list: Any = None, name: str = "swapping_saver", **kwargs: Any) -> Saver:
        """A saver that saves averages under the names of the variables, and these under the averages' names.

        Raises:
          RuntimeError: nothing has been minimized before.
          ValueError: a variable that has an average is to be saved without it.
        """
        if self._swapped_variable_name_map is None:
            raise RuntimeError("Must call apply_gradients or minimize before creating the swapping_saver")
        if var_list is None:
            var_list = global_variables()
        if not isinstance(var_list, dict):
            var_list = names_of(var_list)
        by_name: dict[str, Any] = {}
        for key, saved in var_list.items():
            if isinstance(saved, (list, PartitionedVariable)):
                by_name.update((part.op.name, part) for part in saved)
            else:
                by_name[key] = saved
        swapped = {}
        for key, saved in var_list.items():
            if isinstance(saved, list):
                swapped[key] = [self._find_swapped_variable(by_name, part.op.name, part) for part in saved]
            else:
                swapped[key] = self._find_swapped_variable(by_name, key, saved)
        return Saver(swapped, name=name, **kwargs)


def _is_all_zeros(grad: Any) -> Tensor:
    return equal(count_nonzero(grad), 0)


def _skipping_zeros(function: Callable) -> Callable:
    def apply(grad: Any, *args: Any, **kwargs: Any) -> Any:
        def call() -> Any:
            with control_dependencies([function(grad, *args, **kwargs)]):
                return no_op()

        return cond(_is_all_zeros(grad), no_op, call)

    return apply


@export("contrib.opt.MultitaskOptimizerWrapper")
class MultitaskOptimizerWrapper:
    """Has an optimizer leave variables and their slots alone in steps where their gradient is all zeros.

    Raises:
      TypeError: `opt` is no optimizer.
    """

    def __init__(self, opt: Any):
        if not isinstance(opt, Optimizer):
            raise TypeError("Supplied optimizer must be an instance of tf.train.Optimizer")
        self._opt = opt
        for name in ("_apply_dense", "_resource_apply_dense", "_apply_sparse", "_resource_apply_sparse"):
            setattr(opt, name, _skipping_zeros(getattr(opt, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opt, name)


@export("contrib.opt.clip_gradients_by_global_norm")
def clip_gradients_by_global_norm(gradients_variables: Any, clip_norm: Any = 20.0) -> tuple[list, Tensor]:
    """Gradients scaled down to a norm of at most `clip_norm`, for `MultitaskOptimizerWrapper`; and their norm.

    Args:
      gradients_variables: pairs as `compute_gradients` gives them.
    """
    gradients, variables = zip(*gradients_variables)

    def without_zeros(gradient: Any) -> Any:
        if gradient is None:
            return None
        return cond(_is_all_zeros(gradient), lambda: zeros([], dtype=dtypes.as_dtype(gradient.dtype)), lambda: gradient)

    norm = global_norm([without_zeros(gradient) for gradient in gradients])
    clipped, _ = clip_by_global_norm(gradients, clip_norm, use_norm=norm)
    return list(zip(clipped, variables)), norm


@export("contrib.opt.VariableClippingOptimizer")
class VariableClippingOptimizer(Optimizer):
    """An optimizer after which some variables are scaled down to a largest norm.

    Args:
      opt: the optimizer.
      vars_to_clip_dims: from variables to lists of the dimensions that a norm is taken over.
      max_norm: the largest norm.
      colocate_clip_ops_with_vars: whether all of it is done where the variable is.
    """

    def __init__(
        self,
        opt: Any,
        vars_to_clip_dims: Any,
        max_norm: Any,
        use_locking: bool = False,
        colocate_clip_ops_with_vars: bool = False,
        name: str = "VariableClipping",
    ):
        super().__init__(use_locking, name)
        self._opt = opt
        self._vars_to_clip_dims = {variable: dims[:] for variable, dims in vars_to_clip_dims.items()}
        self._max_norm = max_norm
        self._colocate_clip_ops_with_vars = colocate_clip_ops_with_vars

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        return self._opt.compute_gradients(*args, **kwargs)

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        return self._opt.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> Any:
        return self._opt.get_slot_names(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        with name_scope(name, self._name) as scope:
            updates = [self._opt.apply_gradients(grads_and_vars, global_step=global_step)]
            with control_dependencies(updates[:1]):
                for gradient, variable in grads_and_vars:
                    if gradient is None or variable not in self._vars_to_clip_dims:
                        continue
                    with name_scope(f"clip_{variable.op.name}"):
                        if isinstance(gradient, Tensor):
                            updates.append(self._clip_dense(variable))
                        else:
                            updates.append(self._clip_sparse(gradient, variable))
            return group(*updates, name=scope)

    def _place(self, variable: Any) -> Any:
        return colocate_with(variable) if self._colocate_clip_ops_with_vars else contextlib.nullcontext()

    def _clip_dense(self, variable: Any) -> Any:
        with self._place(variable):
            value = variable.read_value()
            excess = value - clip_by_norm(value, self._max_norm, self._vars_to_clip_dims[variable])
        with colocate_with(variable):
            return variable.assign_sub(excess, use_locking=self._use_locking)

    def _clip_sparse(self, gradient: IndexedSlices, variable: Any) -> Any:
        dims = self._vars_to_clip_dims[variable]
        if 0 in dims:
            logging.warning(
                f"Clipping norm across dims {dims} for {variable.op.name} is inefficient when including sparse "
                "dimension 0."
            )
            return self._clip_dense(variable)
        with colocate_with(variable):
            # Read anew, after the update.
            source = variable if is_resource_variable(variable) else variable.read_value()
            rows = gather(source, gradient.indices)
        with self._place(variable):
            excess = rows - clip_by_norm(rows, self._max_norm, dims)
            slices = IndexedSlices(excess, gradient.indices, gradient.dense_shape)
        with colocate_with(variable):
            return variable.scatter_sub(slices, use_locking=self._use_locking)


@export("contrib.opt.DropStaleGradientOptimizer")
class DropStaleGradientOptimizer(Optimizer):
    """An optimizer that drops gradients which were computed more than `staleness` steps ago."""

    def __init__(self, opt: Any, staleness: Any, use_locking: bool = False, name: str = "DropStaleGradient"):
        super().__init__(use_locking, name)
        self._opt = opt
        self._staleness = staleness

    def compute_gradients(self, loss: Any, *args: Any, **kwargs: Any) -> Any:
        with colocate_with(loss):
            self._local_step = get_global_step() + 0
        with control_dependencies([self._local_step]):
            return self._opt.compute_gradients(identity(loss), *args, **kwargs)

    def get_slot(self, *args: Any, **kwargs: Any) -> Any:
        return self._opt.get_slot(*args, **kwargs)

    def get_slot_names(self, *args: Any, **kwargs: Any) -> Any:
        return self._opt.get_slot_names(*args, **kwargs)

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        with colocate_with(global_step):
            dropped = get_variable("stale_counter", [], initializer=zeros_initializer(), trainable=False)

        def accept() -> Tensor:
            applied = self._opt.apply_gradients(grads_and_vars, global_step=global_step, name=name)
            with control_dependencies([applied]):
                return constant(0.0)

        gradients = [g if isinstance(g, Tensor) else g.op for g, _ in grads_and_vars if g is not None]
        with control_dependencies(gradients), colocate_with(global_step):
            staleness = reshape(global_step - self._local_step, shape=())
        added = cond(less_equal(staleness, self._staleness), accept, lambda: constant(1.0))
        update = dropped.assign_add(added)
        scalar("Gradient staleness percentage", dropped / cast(global_step + 1, dtypes.float32))
        return update

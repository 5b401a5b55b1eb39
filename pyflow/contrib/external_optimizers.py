"""tf.contrib.opt: minimizers from outside, above all SciPy's, over the variables of a graph."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.autodiff import gradients
from pyflow.core.api import export
from pyflow.core.scopes import get_default_session
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.placeholder import placeholder
from pyflow.ops.variables import trainable_variables
from pyflow.platform import logging


def _gradients(tensor: Any, variables: list) -> list[Any]:
    found = gradients(tensor, variables)
    return [zeros_like(v) if gradient is None else gradient for v, gradient in zip(variables, found)]


def _sizes(tensor: Any) -> tuple[int, ...]:
    return tuple(tensor.get_shape().as_list())


@export("contrib.opt.ExternalOptimizerInterface")
class ExternalOptimizerInterface:
    """A minimizer of functions of one vector, in which all variables stand one after the other.

    Subclasses define `_minimize`.

    Args:
      loss: a scalar.
      var_list: the variables; by default the trainable ones.
      equalities, inequalities: scalars that are to become 0, or not to become negative.
      var_to_bounds: from variables to pairs of bounds, each of which broadcasts to the variable.
      optimizer_kwargs: for the minimizer.
    """

    def __init__(
        self,
        loss: Any,
        var_list: Any = None,
        equalities: Any = None,
        inequalities: Any = None,
        var_to_bounds: Any = None,
        **optimizer_kwargs: Any,
    ):
        self._loss = loss
        self._equalities, self._inequalities = equalities or [], inequalities or []
        self._vars = trainable_variables() if var_list is None else list(var_list)
        self._packed_bounds = None if var_to_bounds is None else self._pack_bounds(var_to_bounds)
        self._update_placeholders = [placeholder(v.dtype) for v in self._vars]
        self._var_updates = [
            v.assign(reshape(holder, _sizes(v))) for v, holder in zip(self._vars, self._update_placeholders)
        ]
        of_loss = _gradients(loss, self._vars)
        of_equalities = [_gradients(x, self._vars) for x in self._equalities]
        of_inequalities = [_gradients(x, self._vars) for x in self._inequalities]
        self.optimizer_kwargs = optimizer_kwargs
        self._packed_var = self._pack(self._vars)
        self._packed_loss_grad = self._pack(of_loss)
        self._packed_equality_grads = [self._pack(g) for g in of_equalities]
        self._packed_inequality_grads = [self._pack(g) for g in of_inequalities]
        ends = np.cumsum([0, *(int(np.prod(_sizes(v))) for v in self._vars)]).tolist()
        self._packing_slices = [slice(start, end) for start, end in zip(ends[:-1], ends[1:])]

    def _pack_bounds(self, var_to_bounds: Any) -> list[tuple[Any, Any]]:
        lower, upper = [], []
        for v in self._vars:
            low, high = var_to_bounds[v] if v in var_to_bounds else (-np.inf, np.inf)
            lower.extend(np.broadcast_to(low, _sizes(v)).flat)
            upper.extend(np.broadcast_to(high, _sizes(v)).flat)
        return list(zip(lower, upper))

    def minimize(
        self,
        session: Any = None,
        feed_dict: Any = None,
        fetches: Any = None,
        step_callback: Any = None,
        loss_callback: Any = None,
        **run_kwargs: Any,
    ) -> None:
        """Minimizes the loss, and assigns what was found to the variables.

        Args:
          session: by default the default session.
          feed_dict, fetches: of the runs in which the loss is computed.
          step_callback: called with the vector after each step.
          loss_callback: called with the values of `fetches` whenever the loss has been computed.
          run_kwargs: for the run in which the variables are assigned.
        """
        session = session or get_default_session()
        feed_dict, fetches = feed_dict or {}, fetches or []
        loss_callback = loss_callback or (lambda *fetches: None)
        step_callback = step_callback or (lambda xk: None)

        def functions(tensors: list) -> list[Callable]:
            return [self._make_eval_func(tensor, session, feed_dict, fetches) for tensor in tensors]

        found = self._minimize(
            initial_val=session.run(self._packed_var),
            loss_grad_func=self._make_eval_func(
                [self._loss, self._packed_loss_grad], session, feed_dict, fetches, loss_callback
            ),
            equality_funcs=functions(self._equalities),
            equality_grad_funcs=functions(self._packed_equality_grads),
            inequality_funcs=functions(self._inequalities),
            inequality_grad_funcs=functions(self._packed_inequality_grads),
            packed_bounds=self._packed_bounds,
            step_callback=step_callback,
            optimizer_kwargs=self.optimizer_kwargs,
        )
        values = [found[part] for part in self._packing_slices]
        session.run(self._var_updates, feed_dict=dict(zip(self._update_placeholders, values)), **run_kwargs)

    def _minimize(
        self,
        initial_val: Any,
        loss_grad_func: Any,
        equality_funcs: Any,
        equality_grad_funcs: Any,
        inequality_funcs: Any,
        inequality_grad_funcs: Any,
        packed_bounds: Any,
        step_callback: Any,
        optimizer_kwargs: Any,
    ) -> Any:
        """The vector at which the loss is least; to be defined by subclasses."""
        raise NotImplementedError(
            "To use ExternalOptimizerInterface, subclass from it and implement the _minimize() method."
        )

    @classmethod
    def _pack(cls, tensors: list) -> Any:
        if not tensors:
            return None
        if len(tensors) == 1:
            return reshape(tensors[0], [-1])
        return concat([reshape(tensor, [-1]) for tensor in tensors], 0)

    def _make_eval_func(
        self, tensors: Any, session: Any, feed_dict: Any, fetches: list, callback: Any = None
    ) -> Callable:
        """A function of the vector: the values of `tensors` when the variables have what stands in it."""
        tensors = tensors if isinstance(tensors, list) else [tensors]

        def evaluate(x: Any) -> list[Any]:
            fed = {v: x[part].reshape(_sizes(v)) for v, part in zip(self._vars, self._packing_slices)}
            fed.update(feed_dict)
            values = session.run(tensors + fetches, feed_dict=fed)
            if callable(callback):
                callback(*values[len(tensors) :])
            return values[: len(tensors)]

        return evaluate


@export("contrib.opt.ScipyOptimizerInterface")
class ScipyOptimizerInterface(ExternalOptimizerInterface):
    """`scipy.optimize.minimize` over the variables of a graph; `method="L-BFGS-B"` unless another is given.

    Raises (where it minimizes):
      ImportError: SciPy is not installed.
    """

    _DEFAULT_METHOD = "L-BFGS-B"

    def _minimize(
        self,
        initial_val: Any,
        loss_grad_func: Any,
        equality_funcs: Any,
        equality_grad_funcs: Any,
        inequality_funcs: Any,
        inequality_grad_funcs: Any,
        packed_bounds: Any,
        step_callback: Any,
        optimizer_kwargs: Any,
    ) -> Any:
        def loss_and_gradient(x: Any) -> tuple[Any, Any]:
            loss, gradient = loss_grad_func(x)
            return loss, gradient.astype("float64")

        options = dict(optimizer_kwargs)
        method = options.pop("method", self._DEFAULT_METHOD)
        constraints = [
            {"type": kind, "fun": function, "jac": gradient}
            for kind, functions, of in (
                ("eq", equality_funcs, equality_grad_funcs),
                ("ineq", inequality_funcs, inequality_grad_funcs),
            )
            for function, gradient in zip(functions, of)
        ]
        arguments: dict[str, Any] = {"jac": True, "callback": step_callback, "method": method}
        arguments.update(constraints=constraints, bounds=packed_bounds)
        for name in arguments:
            if name in options:
                if name == "bounds":
                    raise ValueError("Bounds must be set using the var_to_bounds argument")
                raise ValueError(f"Optimizer keyword arg '{name}' is set automatically and cannot be injected manually")
        arguments.update(options)
        import scipy.optimize  # type: ignore[import-not-found]

        result = scipy.optimize.minimize(loss_and_gradient, initial_val, **arguments)
        lines = ["Optimization terminated with:", f"  Message: {result.message}"]
        lines.append(f"  Objective function value: {result.fun:f}")
        for name, words in (("nit", "iterations"), ("nfev", "functions evaluations")):
            if hasattr(result, name):
                lines.append(f"  Number of {words}: {result[name]}")
        logging.info("\n".join(lines))
        return result["x"]

"""The op registry: one class per op says all there is to know about it.

`@op("Relu(features: T) -> (activations: T)", T=REAL)` reads the class below it (shape rule, numpy kernel, gradient,
samples) and puts an `OpDef` in its place: calling that adds a node to the default graph. Signature and attrs are those
of TensorFlow's OpDef of that name, so graphs interchange.
"""

from __future__ import annotations

import inspect
import re
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.stages import Table

REQUIRED = object()


class ShapeError(ValueError):
    """Raised by shape rules; the message is completed with the node's name and its input shapes.

    `at_run` has the words for shapes that become known in a run, where TensorFlow's kernel puts it in its own way; and
    `kind` the class of `tf.errors` if it isn't InvalidArgumentError then.
    """

    def __init__(self, message: str, at_run: str = "", kind: Any = None):
        super().__init__(message)
        self.at_run, self.kind = at_run, kind


class _NotDifferentiable:
    def __repr__(self) -> str:
        return "NOT_DIFFERENTIABLE"


NOT_DIFFERENTIABLE: Any = _NotDifferentiable()


class Attr:
    """A named constant of an op: its kind ("int", "type", "list(shape)" ...), default and allowed values."""

    __slots__ = ("name", "kind", "default", "allowed", "minimum")

    def __init__(self, kind: str, default: Any = REQUIRED, allowed: tuple | None = None, minimum: int | None = None):
        self.name = ""
        self.kind = kind
        self.default = default
        self.allowed = allowed
        self.minimum = minimum

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


attr = Attr


def one_of(allowed: tuple[DType, ...], default: DType) -> Attr:
    """A type attr that accepts `allowed` and is `default` when nothing determines it."""
    return Attr("type", default=default, allowed=allowed)


def _as_attr(spec: Any) -> Attr:
    if isinstance(spec, Attr):
        return spec
    if isinstance(spec, tuple):
        return Attr("type", allowed=spec if spec is not dtypes.ANY else None)
    if isinstance(spec, DType):
        return Attr("type", default=spec)
    for kind, python_type in (("bool", bool), ("int", int), ("float", float), ("string", str)):
        if isinstance(spec, python_type):
            return Attr(kind, default=spec)
    raise TypeError(f"An attr cannot be declared by {spec!r}")


class Arg:
    """An input or output of an op: exactly one of `dtype`, `type_attr`, `list_attr` says its type."""

    __slots__ = ("name", "dtype", "type_attr", "list_attr", "number_attr", "is_ref")

    def __init__(self, text: str, attrs: dict[str, Attr]):
        self.name, _, kind = (part.strip() for part in text.partition(":"))
        self.dtype: DType | None = None
        self.type_attr = self.list_attr = self.number_attr = ""
        if "*" in kind:
            self.number_attr, kind = (part.strip() for part in kind.split("*"))
        self.is_ref = kind.startswith("Ref(")
        if self.is_ref:
            kind = kind[4:-1]
        if kind not in attrs:
            self.dtype = dtypes.as_dtype(kind)
        elif attrs[kind].kind == "list(type)":
            self.list_attr = kind
        else:
            self.type_attr = kind

    @property
    def is_list(self) -> bool:
        return bool(self.number_attr or self.list_attr)

    def dtypes(self, attrs: dict[str, Any]) -> list[DType]:
        """The dtypes of the tensors this argument stands for, given the node's attrs."""
        if self.list_attr:
            types = list(attrs[self.list_attr])
        else:
            dtype = self.dtype or attrs[self.type_attr]
            types = [dtype] * (attrs[self.number_attr] if self.number_attr else 1)
        return [t._as_ref for t in types] if self.is_ref else types


class Sample:
    """Inputs and attrs on which an op is tried by the tests, on every backend."""

    def __init__(self, inputs: tuple, attrs: dict[str, Any], grad: bool, reference: Callable | None):
        self.inputs, self.attrs, self.grad, self.reference = inputs, attrs, grad, reference


def sample(*inputs: Any, grad: bool = True, reference: Callable | None = None, **attrs: Any) -> Sample:
    """One sample: inputs as nested lists or arrays. `grad=False` leaves it out of the numeric gradient check;
    `reference(*inputs)` computes the expected outputs independently of the kernel, in float64."""
    return Sample(inputs, attrs, grad, reference)


_SIGNATURE = re.compile(r"^\s*(\w+)\s*\(([^)]*(?:\([^)]*\)[^)]*)*)\)\s*->\s*\((.*)\)\s*$", re.S)
_OPTIONAL_FIELDS = {
    "grad": None,
    "gpu": None,
    "samples": (),
    "stateful": False,
    "view": False,
    "inplace": False,
    "variant": None,  # the kernel for inputs of dtype variant, called with them; they are Python objects
    "calls": "",  # of an op that runs functions of the library: "branch", "loop" or "call"
}


def _parameters(function: Callable) -> tuple[str, ...]:
    named = getattr(function, "parameters", None)
    if named is not None:
        return named
    code = getattr(function, "__code__", None)
    if code is None:
        return tuple(inspect.signature(function).parameters)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


class OpDef:
    """What an op is; calling it adds a node of this type to the default graph."""

    shape: Callable
    cpu: Any
    grad: Any
    gpu: Any
    samples: Any
    stateful: bool
    view: bool
    inplace: bool
    variant: Any
    calls: str

    def __init__(self, signature: str, attrs: dict[str, Any], body: type):
        match = _SIGNATURE.match(signature)
        if not match:
            raise ValueError(f"Not an op signature: {signature!r}")
        self.name = self.__name__ = match[1]
        self.attrs = {name: _as_attr(spec) for name, spec in attrs.items()}
        for name, spec in self.attrs.items():
            spec.name = name
        self.inputs = [Arg(text, self.attrs) for text in _split(match[2])]
        self.outputs = [Arg(text, self.attrs) for text in _split(match[3])]
        self.input_names = tuple(arg.name for arg in self.inputs)
        self.__doc__ = body.__doc__
        self.__module__ = body.__module__
        fields = vars(body)
        for field in ("shape", "cpu"):
            if field not in fields:
                raise TypeError(f"Op {self.name} has no `{field}`")
        for field, default in _OPTIONAL_FIELDS.items():
            setattr(self, field, fields.get(field, default))
        self.shape, self.cpu = fields["shape"], fields["cpu"]
        is_ufunc = type(self.cpu).__name__ == "ufunc"
        self.inplace = self.inplace or is_ufunc
        self.shape_parameters = _parameters(self.shape)
        self.cpu_parameters = (*self.input_names, "out") if is_ufunc else _parameters(self.cpu)
        self.takes_out = "out" in self.cpu_parameters
        inferred = {a.type_attr or a.list_attr for a in self.inputs} | {a.number_attr for a in self.inputs}
        self.inferred_attrs = frozenset(inferred - {""})
        explicit = [a for name, a in self.attrs.items() if name not in inferred]
        self.parameters = (
            *self.input_names,
            *(a.name for a in explicit if a.required),
            *(a.name for a in explicit if not a.required),
        )
        self.has_ref_input = any(arg.is_ref for arg in self.inputs)
        self.single_output = len(self.outputs) == 1 and not self.outputs[0].is_list

    # What it does with arguments that no tensor can be made of but which have tensors (as ragged ones), and what tells.
    of_composite: tuple[Callable, Callable] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.of_composite is not None:
            otherwise, is_composite = self.of_composite
            if is_composite(args) or (kwargs and is_composite(kwargs.values())):
                return otherwise(*args, **kwargs)
        return _apply(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def renamed(self, name: str) -> OpDef:
        """Itself, under a name that may have other characters than an op's (a function's)."""
        self.name = self.__name__ = name
        return self

    def output_dtypes(self, attrs: dict[str, Any]) -> list[DType]:
        return [dtype for arg in self.outputs for dtype in arg.dtypes(attrs)]

    def group_inputs(self, flat: Any, attrs: dict[str, Any]) -> list[Any]:
        """Regroups one item per input tensor into one item (or list) per input argument."""
        grouped, start = [], 0
        for arg in self.inputs:
            if arg.is_list:
                count = attrs[arg.number_attr] if arg.number_attr else len(attrs[arg.list_attr])
                grouped.append(list(flat[start : start + count]))
                start += count
            else:
                grouped.append(flat[start])
                start += 1
        return grouped

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [
            inspect.Parameter(n, kind, default=inspect.Parameter.empty)
            if n in self.input_names or self.attrs[n].required
            else inspect.Parameter(n, kind, default=self.attrs[n].default)
            for n in self.parameters
        ]
        return inspect.Signature([*parameters, inspect.Parameter("name", kind, default=None)])


def _split(text: str) -> list[str]:
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


OPS: dict[str, OpDef] = Table()


def op(signature: str, **attrs: Any) -> Callable[[type], OpDef]:
    """Class decorator that registers an op; see docs/adding-an-op.md."""

    def register(body: type) -> OpDef:
        definition = OpDef(signature, attrs, body)
        if dict.__contains__(OPS, definition.name):  # of `dict`: nothing is to be loaded for it
            raise ValueError(f"Op {definition.name} is registered twice")
        OPS[definition.name] = definition
        return definition

    return register


def get(op_type: str) -> OpDef:
    """The op of that type.

    Raises:
      RuntimeError: no op of that type is registered.
    """
    try:
        return OPS[op_type]
    except KeyError:
        raise RuntimeError(
            f"Op type not registered '{op_type}' in PyFlow. Make sure the Op is defined, or see FEATURES.md for what "
            "is."
        ) from None


class _RawOps:
    """`raw.AddN(...)`: ops by type, for layers to the left of `ops`."""

    def __getattr__(self, op_type: str) -> OpDef:
        return get(op_type)


raw: Any = _RawOps()


def _apply(definition: OpDef, args: tuple, kwargs: dict[str, Any]) -> Any:
    global _apply
    from pyflow.core.build import apply  # build needs the graph, which needs this module

    _apply = apply
    return apply(definition, args, kwargs)

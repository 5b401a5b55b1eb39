"""tf.contrib.training.HParams: hyperparameters by name, which can be overridden from a command line or a file."""

from __future__ import annotations

import json
import numbers
import re
from typing import Any

from pyflow.core.api import export
from pyflow.platform import compat

_ASSIGNMENT = re.compile(
    r"""
    (?P<name>[a-zA-Z][\w.]*)
    (\[\s*(?P<index>\d+)\s*\])?
    \s*=\s*
    ((?P<val>[^,\[]*)|\[(?P<vals>[^\]]*)\])
    ($|,\s*)
    """,
    re.VERBOSE,
)
_TRUE_AND_FALSE = {"true": True, "True": True, "false": False, "False": False}


def _parsed(name: str, kind: type, text: str, values: str) -> Any:
    try:
        if kind is bool:
            return _TRUE_AND_FALSE[text] if text in _TRUE_AND_FALSE else bool(int(text))
        return kind(text)
    except ValueError:
        raise _unparsable(name, kind, text, values) from None


def _unparsable(name: str, kind: type, text: str, values: str) -> ValueError:
    return ValueError(f"Could not parse hparam '{name}' of type '{kind.__name__}' with value '{text}' in {values}")


def _check_first(taken: bool, name: str, values: str) -> None:
    if taken:
        raise ValueError(f"Multiple assignments to variable '{name}' in {values}")


@export("contrib.training.parse_values")
def parse_values(values: str, type_map: dict[str, Any], ignore_unknown: bool = False) -> dict[str, Any]:
    """The values in a text like "rate=0.1,sizes=[3,4],names[1]=x".

    Args:
      type_map: from names to the types of the (single) values.
      ignore_unknown: whether names that have no type are left out; else they are an error.

    Returns:
      From names to values, lists of values, or (for elements of a list) values by their indices.

    Raises:
      ValueError: the text or a value in it is not as it should be.
    """
    found: dict[str, Any] = {}
    position = 0
    while position < len(values):
        match = _ASSIGNMENT.match(values, position)
        if not match:
            raise ValueError(f"Malformed hyperparameter value: {values[position:]}")
        position = match.end()
        name = match["name"]
        if name not in type_map:
            if ignore_unknown:
                continue
            raise ValueError(f"Unknown hyperparameter type for {name}")
        kind = type_map[name]
        if match["val"] is None:
            if match["index"] is not None:
                raise ValueError("Assignment of a list to a list index.")
            _check_first(name in found, name, values)
            found[name] = [_parsed(name, kind, text, values) for text in re.split("[ ,]", match["vals"]) if text]
            continue
        value = _parsed(name, kind, match["val"], values)
        if not match["index"]:
            _check_first(name in found, name, values)
            found[name] = value
        else:
            elements = found.setdefault(name, {})
            _check_first(not isinstance(elements, dict), name, values)
            index = int(match["index"])
            _check_first(index in elements, f"{name}[{index}]", values)
            elements[index] = value
    return found


def _fitted(name: str, kind: Any, value: Any) -> Any:
    """A value as one of a type.

    Raises:
      ValueError: that would change it.
    """
    if type(value) is kind or issubclass(kind, type(None)):
        return value
    text, integer = (str, bytes), numbers.Integral
    if (
        (issubclass(kind, text) and not isinstance(value, text))
        or issubclass(kind, bool) != isinstance(value, bool)
        or (issubclass(kind, integer) and not isinstance(value, integer))
        or (issubclass(kind, numbers.Number) and not isinstance(value, numbers.Number))
    ):
        raise ValueError(f"Could not cast hparam '{name}' of type '{kind}' from value {value!r}")
    made: Any = kind  # a type that the program chose
    return made(value)


@export("contrib.training.HParams")
class HParams:
    """Hyperparameters as attributes, each with the type of its first value.

    Args:
      hparam_def: an HParamDef to take them from.
      model_structure: kept, and given back by `get_model_structure`.
      kwargs: the values, or lists of values, by names.

    Raises:
      ValueError: there are both a message and values, or a list is empty.
    """

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any):
        self._hparam_types: dict[str, tuple[type, bool]] = {}
        self._model_structure = model_structure
        if hparam_def:
            self._take(hparam_def)
            if kwargs:
                raise ValueError("hparam_def and initialization values are mutually exclusive")
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def _take(self, hparam_def: Any) -> None:
        for name, value in hparam_def.hparam.items():
            kind = value.WhichOneof("kind")
            given = getattr(value, kind)
            elements = [given] if kind.endswith("_value") else list(given.value)
            if kind.startswith("int64"):
                elements = [int(x) for x in elements]
            elif kind.startswith("bytes"):
                elements = [compat.as_str(x) for x in elements]
            self.add_hparam(name, elements[0] if kind.endswith("_value") else elements)

    def add_hparam(self, name: str, value: Any) -> None:
        """Adds a hyperparameter.

        Raises:
          ValueError: the name is taken, or the value is an empty list.
        """
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        if isinstance(value, (list, tuple)):
            if not value:
                raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
            self._hparam_types[name] = type(value[0]), True
        else:
            self._hparam_types[name] = type(value), False
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Gives a hyperparameter another value, of its type.

        Raises:
          KeyError: there is none of that name.
          ValueError: the value is of another type.
        """
        kind, is_list = self._hparam_types[name]
        if isinstance(value, list):
            if not is_list:
                raise ValueError(f"Must not pass a list for single-valued parameter: {name}")
            setattr(self, name, [_fitted(name, kind, element) for element in value])
        else:
            if is_list:
                raise ValueError(f"Must pass a list for multi-valued parameter: {name}.")
            setattr(self, name, _fitted(name, kind, value))

    def del_hparam(self, name: str) -> None:
        """Takes a hyperparameter out, if it is there."""
        if hasattr(self, name):
            delattr(self, name)
            del self._hparam_types[name]

    def parse(self, values: str) -> HParams:
        """Overrides with the values in a text, as `parse_values` reads it."""
        return self.override_from_dict(parse_values(values, {name: t[0] for name, t in self._hparam_types.items()}))

    def override_from_dict(self, values_dict: dict[str, Any]) -> HParams:
        """Overrides with values by names."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def set_from_map(self, values_map: dict[str, Any]) -> HParams:
        """The old name of `override_from_dict`."""
        return self.override_from_dict(values_map)

    def set_model_structure(self, model_structure: Any) -> None:
        self._model_structure = model_structure

    def get_model_structure(self) -> Any:
        return self._model_structure

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """The values as JSON."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> HParams:
        """Overrides with the values in JSON."""
        return self.override_from_dict(json.loads(values_json))

    def values(self) -> dict[str, Any]:
        """The values by their names."""
        return {name: getattr(self, name) for name in self._hparam_types}

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a hyperparameter, or `default`, which has to be of its type.

        Raises:
          ValueError: it is not.
        """
        if key not in self._hparam_types:
            return default
        if default is not None:
            kind, is_list = self._hparam_types[key]
            shown = f"list<{kind}>" if is_list else str(kind)
            words = f"Hparam '{key}' of type '{shown}' is incompatible with default={default}"
            if is_list != isinstance(default, list):
                raise ValueError(words)
            try:
                for value in default if is_list else [default]:
                    _fitted(key, kind, value)
            except ValueError as error:
                raise ValueError(f"{words}. {error}") from None
        return getattr(self, key)

    def __contains__(self, key: str) -> bool:
        return key in self._hparam_types

    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.values().items())})"

    @staticmethod
    def _get_kind_name(param_type: type, is_list: bool) -> str:
        kinds = ((bool, "bool"), (int, "int64"), ((str, bytes), "bytes"), (float, "float"))
        for types, name in kinds:
            if issubclass(param_type, types):  # type: ignore[arg-type]
                return f"{name}_{'list' if is_list else 'value'}"
        raise ValueError(f"Unsupported parameter type: {param_type}")

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The hyperparameters as an HParamDef.

        Raises:
          ValueError: a value is neither bool, int, float nor text.
        """
        from pyflow.protos.contrib_pb2 import HParamDef

        message = HParamDef()
        for name, (kind, is_list) in self._hparam_types.items():
            field = self._get_kind_name(kind, is_list)
            values = getattr(self, name) if is_list else [getattr(self, name)]
            if field.startswith("bytes"):
                values = [compat.as_bytes(value) for value in values]
            if is_list:
                getattr(message.hparam[name], field).value.extend(values)
            else:
                setattr(message.hparam[name], field, values[0])
        return message

    @staticmethod
    def from_proto(hparam_def: Any, import_scope: str | None = None) -> HParams:
        """The hyperparameters of an HParamDef."""
        return HParams(hparam_def=hparam_def)

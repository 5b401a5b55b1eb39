"""Columns as plain data, and columns from it; how layers of columns are saved in a model's description."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import PUBLIC

COLUMN_CLASSES: dict[str, Any] = {}


def serializable(column_class: Any) -> Any:
    """Makes a class of columns known to `deserialize_feature_column`."""
    COLUMN_CLASSES[column_class.__name__] = column_class
    return column_class


def serialize_feature_column(fc: Any) -> Any:
    """A column as {"class_name": ..., "config": ...}; a feature's key as itself.

    Raises:
      ValueError: it is neither.
    """
    from pyflow.feature_column.column import FeatureColumn

    if isinstance(fc, str):
        return fc
    if isinstance(fc, FeatureColumn):
        return {"class_name": fc.__class__.__name__, "config": fc._get_config()}
    raise ValueError(f"Instance: {fc} is not a FeatureColumn")


def deserialize_feature_column(config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
    """What `serialize_feature_column` gave `config` for.

    Args:
      custom_objects: classes and functions by name, beside those known.
      columns_by_name: the columns made so far: one that is there already isn't made again.

    Raises:
      ValueError: it is the description of no column.
    """
    from pyflow.feature_column.column import FeatureColumn

    if isinstance(config, str):
        return config
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise ValueError(f"Improper config format: {config}")
    name = config["class_name"]
    cls = (custom_objects or {}).get(name) or COLUMN_CLASSES.get(name)
    if cls is None:
        raise ValueError(f"Unknown feature_column_v2: {name}")
    if not issubclass(cls, FeatureColumn):
        raise ValueError(f"Expected FeatureColumn class, instead found: {cls}")
    made = cls._from_config(config["config"], custom_objects=custom_objects, columns_by_name=columns_by_name)
    return ({} if columns_by_name is None else columns_by_name).setdefault(f"{type(made).__name__}:{made.name}", made)


def serialize_feature_columns(feature_columns: Any) -> list[Any]:
    """Each column by `serialize_feature_column`."""
    return [serialize_feature_column(fc) for fc in feature_columns]


def deserialize_feature_columns(configs: Any, custom_objects: Any = None) -> list[Any]:
    """The columns; those that are equal in name and class become one object."""
    columns_by_name: dict[str, Any] = {}
    return [deserialize_feature_column(c, custom_objects, columns_by_name) for c in configs]


def serialize_function(function: Any) -> Any:
    """A function by its name; None for none."""
    return None if function is None else function.__name__


def deserialize_function(name: Any, custom_objects: Any = None) -> Any:
    """The function of that name, of `custom_objects`.

    Raises:
      ValueError: there is none.
    """
    if name is None or callable(name):
        return name
    if name not in (custom_objects or {}):
        raise ValueError(f"Unknown function: {name}")
    return custom_objects[name]


def serialize_initializer(initializer: Any) -> dict[str, Any]:
    """An initializer as {"class_name": ..., "config": ...}."""
    return {"class_name": type(initializer).__name__, "config": initializer.get_config()}


def deserialize_initializer(config: Any, custom_objects: Any = None) -> Any:
    """The initializer that `serialize_initializer` gave `config` for.

    Raises:
      ValueError: there is none of that name.
    """
    if callable(config):
        return config
    name = config["class_name"]
    cls = (custom_objects or {}).get(name) or _initializer_class(name)
    if cls is None:
        raise ValueError(f"Unknown initializer: {name}")
    return cls.from_config(config["config"])


def _initializer_class(name: str) -> Any:
    for key, thing in PUBLIC.there().items():
        if key.startswith(("initializers.", "keras.initializers.")) and getattr(thing, "__name__", "") == name:
            return thing
    return None


def fields_from_config(cls: Any, config: Any) -> dict[str, Any]:
    """The fields of a column from its description, with lists as tuples.

    Raises:
      ValueError: others than its fields are described.
    """
    if set(config) != set(cls._fields):
        raise ValueError(f"Invalid config: {config}, expected keys: {cls._fields}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}

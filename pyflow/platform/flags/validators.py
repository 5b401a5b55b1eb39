"""Conditions on the values of flags, checked when a command line is parsed and when a flag is assigned."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from pyflow.platform.flags.errors import ValidationError
from pyflow.platform.flags.flag import FlagHolder
from pyflow.platform.flags.values import FLAGS, FlagValues

FlagName = str | FlagHolder


class Validator:
    """A condition on some flags; `single` hands the checker the value instead of a dictionary of values."""

    _numbers = itertools.count()

    def __init__(self, flag_names: list[str], checker: Callable[[Any], Any], message: str, single: bool):
        self.flag_names = flag_names
        self.checker = checker
        self.message = message
        self.single = single
        self.order = next(self._numbers)

    def verify(self, flag_values: FlagValues) -> None:
        values = {name: flag_values[name].value for name in self.flag_names}
        if not self.checker(values[self.flag_names[0]] if self.single else values):
            raise ValidationError(self.message)

    def describe(self, flag_values: FlagValues) -> str:
        pairs = [f"{name}={flag_values[name].value}" for name in self.flag_names]
        return f"flag --{pairs[0]}" if self.single else f"flags {', '.join(pairs)}"


def resolve(flags: Sequence[FlagName], flag_values: FlagValues) -> tuple[list[str], FlagValues]:
    """Names of the flags and the registry that holds them; ValueError when that is not one and the same for all."""
    registries = [flag._flagvalues if isinstance(flag, FlagHolder) else flag_values for flag in flags]
    if any(registry is not registries[0] for registry in registries):
        raise ValueError(
            "multiple FlagValues instances used in invocation. FlagHolders must be registered to the same FlagValues "
            "instance as do flag names, if provided."
        )
    names = [flag.name if isinstance(flag, FlagHolder) else flag for flag in flags]
    return names, registries[0] if registries else flag_values


def resolve_one(flag: FlagName, flag_values: FlagValues) -> tuple[str, FlagValues]:
    if isinstance(flag, FlagHolder) and flag_values is not FLAGS and flag_values is not flag._flagvalues:
        raise ValueError("flag_values must not be customized when operating on a FlagHolder")
    names, registry = resolve([flag], flag_values)
    return names[0], registry


def _add(validator: Validator, flag_values: FlagValues) -> None:
    for name in validator.flag_names:
        flag_values[name].validators.append(validator)


def register_validator(
    flag_name: FlagName,
    checker: Callable[[Any], Any],
    message: str = "Flag validation failed",
    flag_values: FlagValues = FLAGS,
) -> None:
    """`checker(value)` must be true; it may raise ValidationError with words of its own. KeyError: no such flag."""
    name, flag_values = resolve_one(flag_name, flag_values)
    _add(Validator([name], checker, message, single=True), flag_values)


def validator(
    flag_name: FlagName, message: str = "Flag validation failed", flag_values: FlagValues = FLAGS
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """The decorator form of `register_validator`."""

    def decorate(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        register_validator(flag_name, function, message, flag_values)
        return function

    return decorate


def register_multi_flags_validator(
    flag_names: Sequence[FlagName],
    multi_flags_checker: Callable[[dict[str, Any]], Any],
    message: str = "Flags validation failed",
    flag_values: FlagValues = FLAGS,
) -> None:
    """As `register_validator`, for several flags: the checker gets a dictionary of their values."""
    names, flag_values = resolve(flag_names, flag_values)
    _add(Validator(names, multi_flags_checker, message, single=False), flag_values)


def multi_flags_validator(
    flag_names: Sequence[FlagName], message: str = "Flag validation failed", flag_values: FlagValues = FLAGS
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """The decorator form of `register_multi_flags_validator`."""

    def decorate(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        register_multi_flags_validator(flag_names, function, message, flag_values)
        return function

    return decorate


def mark_flag_as_required(flag_name: FlagName, flag_values: FlagValues = FLAGS) -> None:
    """The flag must be given a value other than None."""
    name, flag_values = resolve_one(flag_name, flag_values)
    if flag_values[name].default is not None:
        warnings.warn(
            f"Flag --{name} has a non-None default value; therefore, mark_flag_as_required will pass even if flag is "
            "not specified in the command line!",
            stacklevel=2,
        )
    message = f"Flag --{name} must have a value other than None."
    register_validator(name, lambda value: value is not None, message, flag_values)


def mark_flags_as_required(flag_names: Sequence[FlagName], flag_values: FlagValues = FLAGS) -> None:
    for name in flag_names:
        mark_flag_as_required(name, flag_values)


def mark_flags_as_mutual_exclusive(
    flag_names: Sequence[FlagName], required: bool = False, flag_values: FlagValues = FLAGS
) -> None:
    """At most one of the flags (exactly one, if `required`) may have a value other than None."""
    names, flag_values = resolve(flag_names, flag_values)
    for name in names:
        if flag_values[name].default is not None:
            warnings.warn(
                f"Flag --{name} has a non-None default value. That does not make sense with "
                "mark_flags_as_mutual_exclusive, which checks whether the listed flags have a value other than None.",
                stacklevel=2,
            )
    _at_most_one(names, lambda value: value is not None, "have a value other than None", required, flag_values)


def mark_bool_flags_as_mutual_exclusive(
    flag_names: Sequence[FlagName], required: bool = False, flag_values: FlagValues = FLAGS
) -> None:
    """At most one of the boolean flags (exactly one, if `required`) may be True."""
    names, flag_values = resolve(flag_names, flag_values)
    for name in names:
        if not flag_values[name].boolean:
            raise ValidationError(
                f"Flag --{name} is not Boolean, which is required for flags used in "
                "mark_bool_flags_as_mutual_exclusive."
            )
    _at_most_one(names, bool, "be True", required, flag_values)


def _at_most_one(
    names: list[str], counts: Callable[[Any], bool], wording: str, required: bool, flag_values: FlagValues
) -> None:
    def check(values: dict[str, Any]) -> bool:
        number = sum(map(counts, values.values()))
        if number == 1 or (number == 0 and not required):
            return True
        quantity = "Exactly" if required else "At most"
        raise ValidationError(f"{quantity} one of ({', '.join(names)}) must {wording}.")

    register_multi_flags_validator(names, check, flag_values=flag_values)

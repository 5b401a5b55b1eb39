"""DEFINE_*: one function for each kind of flag.

Options common to all: `flag_values` (another registry than FLAGS), `required` (the flag must be given; its default must
be None), `short_name` (one letter), `allow_override`, `allow_overwrite`, `allow_using_method_names`. All raise
DuplicateFlagError when the name is taken and IllegalFlagValueError when the default does not parse.
"""

from __future__ import annotations

import enum
import functools
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

from pyflow.platform import logging
from pyflow.platform.flags import validators
from pyflow.platform.flags.errors import Error, IllegalFlagValueError, UnrecognizedFlagError, ValidationError
from pyflow.platform.flags.flag import (
    BooleanFlag,
    EnumClassFlag,
    EnumFlag,
    Flag,
    FlagAlias,
    FlagHolder,
    MultiEnumClassFlag,
    MultiFlag,
)
from pyflow.platform.flags.parsers import (
    ArgumentParser,
    ArgumentSerializer,
    CsvListSerializer,
    EnumParser,
    FloatParser,
    IntegerParser,
    ListParser,
    ListSerializer,
    WhitespaceSeparatedListParser,
)
from pyflow.platform.flags.validators import mark_flag_as_required, register_validator
from pyflow.platform.flags.values import DISCLAIMED, FLAGS, FlagValues, calling_module


def DEFINE_flag(
    flag: Flag, flag_values: FlagValues = FLAGS, module_name: str | None = None, required: bool = False
) -> FlagHolder:
    """Registers a ready-made Flag."""
    if required and flag.default is not None:
        raise ValueError(f"Required flag --{flag.name} cannot have a non-None default")
    flag_values[flag.name] = flag
    name, module = (module_name, sys.modules.get(module_name)) if module_name else calling_module()
    flag_values.register_flag_by_module(name, flag)
    flag_values.register_flag_by_module_id(id(module), flag)
    if required:
        mark_flag_as_required(flag.name, flag_values)
    return FlagHolder(flag_values, flag, ensure_non_none_value=required or flag.default is not None)


def DEFINE(
    parser: ArgumentParser,
    name: str,
    default: Any,
    help: str | None,
    flag_values: FlagValues = FLAGS,
    serializer: ArgumentSerializer | None = None,
    module_name: str | None = None,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Registers a flag that `parser` reads."""
    return DEFINE_flag(Flag(parser, serializer, name, default, help, **args), flag_values, module_name, required)


def _accept_old_names(define: Callable[..., FlagHolder]) -> Callable[..., FlagHolder]:
    """Lets callers use the argument names that tf.flags had before TF 1.5."""
    names = {"flag_name": "name", "default_value": "default", "docstring": "help"}

    @functools.wraps(define)
    def accepting(*arguments: Any, **options: Any) -> FlagHolder:
        if names.keys() & options.keys():
            logging.warning(
                "Use of the keyword argument names (flag_name, default_value, docstring) is deprecated, please use "
                "(name, default, help) instead."
            )
            options = {names.get(name, name): value for name, value in options.items()}
        return define(*arguments, **options)

    return accepting


@_accept_old_names
def DEFINE_string(
    name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS, required: bool = False, **args: Any
) -> FlagHolder:
    """Any string."""
    return DEFINE(ArgumentParser(), name, default, help, flag_values, ArgumentSerializer(), required=required, **args)


@_accept_old_names
def DEFINE_boolean(
    name: str,
    default: Any,
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """`--name` or `--name=true` is True, `--noname` or `--name=false` False."""
    return DEFINE_flag(BooleanFlag(name, default, help, **args), flag_values, module_name, required)


DEFINE_bool = DEFINE_boolean


def _define_number(parser: Any, name: str, default: Any, help: str | None, flag_values: FlagValues, **args: Any):
    holder = DEFINE(parser, name, default, help, flag_values, ArgumentSerializer(), **args)
    if parser.lower_bound is not None or parser.upper_bound is not None:

        def is_inside_bounds(value: Any) -> bool:
            if value is not None and parser.is_outside_bounds(value):
                raise ValidationError(f"{value} is not {parser.syntactic_help}")
            return True

        register_validator(name, is_inside_bounds, flag_values=flag_values)
    return holder


@_accept_old_names
def DEFINE_float(
    name: str,
    default: Any,
    help: str | None,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """A float, within the bounds if any."""
    return _define_number(
        FloatParser(lower_bound, upper_bound), name, default, help, flag_values, required=required, **args
    )


@_accept_old_names
def DEFINE_integer(
    name: str,
    default: Any,
    help: str | None,
    lower_bound: int | None = None,
    upper_bound: int | None = None,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """An integer (decimal, 0x… or 0o…), within the bounds if any."""
    return _define_number(
        IntegerParser(lower_bound, upper_bound), name, default, help, flag_values, required=required, **args
    )


def DEFINE_enum(
    name: str,
    default: Any,
    enum_values: Iterable[str],
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """One of the strings in `enum_values`; option `case_sensitive=True`."""
    return DEFINE_flag(EnumFlag(name, default, help, enum_values, **args), flag_values, module_name, required)


def DEFINE_enum_class(
    name: str,
    default: Any,
    enum_class: type[enum.Enum],
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    case_sensitive: bool = False,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """A member of an Enum class, by its name."""
    flag = EnumClassFlag(name, default, help, enum_class, case_sensitive=case_sensitive, **args)
    return DEFINE_flag(flag, flag_values, module_name, required)


def DEFINE_list(
    name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS, required: bool = False, **args: Any
) -> FlagHolder:
    """A list of strings, given with commas between them."""
    return DEFINE(ListParser(), name, default, help, flag_values, CsvListSerializer(), required=required, **args)


def DEFINE_spaceseplist(
    name: str,
    default: Any,
    help: str | None,
    comma_compat: bool = False,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """A list of strings, given with white space (with `comma_compat`, or commas) between them."""
    parser = WhitespaceSeparatedListParser(comma_compat=comma_compat)
    return DEFINE(parser, name, default, help, flag_values, ListSerializer(" "), required=required, **args)


def DEFINE_multi(
    parser: ArgumentParser,
    serializer: ArgumentSerializer,
    name: str,
    default: Any,
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """A flag that may be given several times; its value is the list of what `parser` made of each."""
    flag = MultiFlag(parser, serializer, name, default, help, **args)
    return DEFINE_flag(flag, flag_values, module_name, required)


def DEFINE_multi_string(
    name: str, default: Any, help: str | None, flag_values: FlagValues = FLAGS, required: bool = False, **args: Any
) -> FlagHolder:
    """Strings, one for each time the flag is given."""
    return DEFINE_multi(
        ArgumentParser(), ArgumentSerializer(), name, default, help, flag_values, required=required, **args
    )


def DEFINE_multi_integer(
    name: str,
    default: Any,
    help: str | None,
    lower_bound: int | None = None,
    upper_bound: int | None = None,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Integers, one for each time the flag is given."""
    parser = IntegerParser(lower_bound, upper_bound)
    return DEFINE_multi(parser, ArgumentSerializer(), name, default, help, flag_values, required=required, **args)


def DEFINE_multi_float(
    name: str,
    default: Any,
    help: str | None,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Floats, one for each time the flag is given."""
    parser = FloatParser(lower_bound, upper_bound)
    return DEFINE_multi(parser, ArgumentSerializer(), name, default, help, flag_values, required=required, **args)


def DEFINE_multi_enum(
    name: str,
    default: Any,
    enum_values: Iterable[str],
    help: str | None,
    flag_values: FlagValues = FLAGS,
    case_sensitive: bool = True,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Strings out of `enum_values`, one for each time the flag is given."""
    parser = EnumParser(enum_values, case_sensitive)
    help = f"<{'|'.join(parser.enum_values)}>: {help}"
    return DEFINE_multi(parser, ArgumentSerializer(), name, default, help, flag_values, required=required, **args)


def DEFINE_multi_enum_class(
    name: str,
    default: Any,
    enum_class: type[enum.Enum],
    help: str | None,
    flag_values: FlagValues = FLAGS,
    module_name: str | None = None,
    case_sensitive: bool = False,
    required: bool = False,
    **args: Any,
) -> FlagHolder:
    """Members of an Enum class, one for each time the flag is given."""
    flag = MultiEnumClassFlag(name, default, help, enum_class, case_sensitive=case_sensitive, **args)
    return DEFINE_flag(flag, flag_values, module_name, required)


def DEFINE_alias(
    name: str, original_name: str, flag_values: FlagValues = FLAGS, module_name: str | None = None
) -> FlagHolder:
    """Another name for a flag that exists (UnrecognizedFlagError if it doesn't)."""
    if original_name not in flag_values:
        raise UnrecognizedFlagError(original_name)
    return DEFINE_flag(FlagAlias(name, flag_values[original_name]), flag_values, module_name)


def set_default(flag_holder: FlagHolder, value: Any) -> None:
    """Another default; the value too, unless it was given or assigned."""
    flag_holder._flagvalues.set_default(flag_holder.name, value)


def override_value(flag_holder: FlagHolder, value: Any) -> None:
    """Sets the value; IllegalFlagValueError when the flag's parser would make something else of it."""
    values = flag_holder._flagvalues
    parsed = values[flag_holder.name].parse_argument(value)
    if parsed != value:
        raise IllegalFlagValueError(f"flag {flag_holder.name}: parsed value {parsed!r} not equal to original {value!r}")
    values._set_attributes(**{flag_holder.name: value})


def declare_key_flag(flag_name: str | FlagHolder, flag_values: FlagValues = FLAGS) -> None:
    """Lists a flag of another module in the short help of the calling one."""
    name, flag_values = validators.resolve_one(flag_name, flag_values)
    if name not in flag_values:
        raise ValueError(f"Flag --{name} is undefined. To set a flag as a key flag first define it in Python.")
    flag_values.register_key_flag_for_module(calling_module()[0], flag_values[name])


def adopt_module_key_flags(module: Any, flag_values: FlagValues = FLAGS) -> None:
    """Lists all flags of `module` in the short help of the calling one."""
    if not isinstance(module, types.ModuleType):
        raise Error(f"Expected a module object, not {module!r}.")
    for flag in flag_values.get_key_flags_for_module(module):
        flag_values.register_key_flag_for_module(calling_module()[0], flag)


def disclaim_key_flags() -> None:
    """From now on the flags that the calling module defines count as those of its caller."""
    DISCLAIMED.add(sys._getframe(1).f_globals["__name__"])

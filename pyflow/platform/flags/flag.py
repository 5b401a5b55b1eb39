"""A flag: a name, a default, a parser, and the value it has now."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any

from pyflow.platform.flags.errors import Error, IllegalFlagValueError
from pyflow.platform.flags.parsers import (
    ArgumentParser,
    ArgumentSerializer,
    BooleanParser,
    EnumClassListSerializer,
    EnumClassParser,
    EnumClassSerializer,
    EnumParser,
)


class Flag:
    """One command-line flag.

    `present` counts how often the command line gave it; `using_default_value` turns False once it was given or
    assigned. A default of None is not parsed: the value is then None.
    """

    def __init__(
        self,
        parser: ArgumentParser,
        serializer: ArgumentSerializer | None,
        name: str,
        default: Any,
        help_string: str | None,
        short_name: str | None = None,
        boolean: bool = False,
        allow_override: bool = False,
        allow_override_cpp: bool = False,
        allow_hide_cpp: bool = False,
        allow_overwrite: bool = True,
        allow_using_method_names: bool = False,
    ):
        if allow_hide_cpp and allow_override_cpp:
            raise Error(
                "Can't have both allow_hide_cpp (means use Python flag) and "
                "allow_override_cpp (means use C++ flag after InitGoogle)"
            )
        self.name = name
        self.help = help_string or "(no help available)"
        self.short_name = short_name
        self.boolean = boolean
        self.present = 0
        self.parser = parser
        self.serializer = serializer
        self.allow_override = allow_override
        self.allow_override_cpp = allow_override_cpp
        self.allow_hide_cpp = allow_hide_cpp
        self.allow_overwrite = allow_overwrite
        self.allow_using_method_names = allow_using_method_names
        self.using_default_value = True
        self.validators: list[Any] = []
        self.set_default(default)

    value: Any = None

    def __bool__(self) -> bool:
        raise TypeError("A Flag instance would always be True. Did you mean to test the `.value` attribute?")

    def parse(self, argument: Any) -> None:
        """Takes an argument from the command line; raises IllegalFlagValueError when it does not parse."""
        if self.present and not self.allow_overwrite:
            raise IllegalFlagValueError(f"flag --{self.name}={argument}: already defined as {self.value}")
        self.value = self.parse_argument(argument)
        self.present += 1

    def parse_argument(self, argument: Any) -> Any:
        try:
            return self.parser.parse(argument)
        except (TypeError, ValueError) as error:
            raise IllegalFlagValueError(f"flag --{self.name}={argument}: {error}") from error

    def parse_default(self, value: Any) -> Any:
        return self.parse_argument(value)

    def set_default(self, value: Any) -> None:
        self.default_unparsed = value
        self.default = None if value is None else self.parse_default(value)
        self.default_as_str = self._as_quoted_text(self.default)
        if self.using_default_value:
            self.value = self.default

    def unparse(self) -> None:
        self.value = self.default
        self.using_default_value = True
        self.present = 0

    def _as_quoted_text(self, value: Any) -> str | None:
        if value is None:
            return None
        if self.serializer:
            return repr(self.serializer.serialize(value))
        return repr(str(bool(value)).lower() if self.boolean else str(value))

    def serialize(self) -> str:
        """The argument that sets the present value; empty when that is None."""
        return self._as_argument(self.value)

    def _as_argument(self, value: Any) -> str:
        if value is None:
            return ""
        if self.boolean:
            return f"--{self.name}" if value else f"--no{self.name}"
        if not self.serializer:
            raise Error(f"Serializer not present for flag {self.name}")
        return f"--{self.name}={self.serializer.serialize(value)}"

    def flag_type(self) -> str:
        return self.parser.flag_type()


class BooleanFlag(Flag):
    """Takes no argument: `--name` is True, `--noname` False."""

    def __init__(self, name: str, default: Any, help: str | None, short_name: str | None = None, **options: Any):
        super().__init__(BooleanParser(), None, name, default, help, short_name, True, **options)


class EnumFlag(Flag):
    """One of `enum_values`."""

    def __init__(
        self,
        name: str,
        default: Any,
        help: str | None,
        enum_values: Iterable[str],
        short_name: str | None = None,
        case_sensitive: bool = True,
        **options: Any,
    ):
        parser = EnumParser(enum_values, case_sensitive)
        super().__init__(parser, ArgumentSerializer(), name, default, help, short_name, **options)
        self.help = f"<{'|'.join(parser.enum_values)}>: {self.help}"


class EnumClassFlag(Flag):
    """A member of `enum_class`, named without regard to case unless `case_sensitive`."""

    def __init__(
        self,
        name: str,
        default: Any,
        help: str | None,
        enum_class: type[enum.Enum],
        short_name: str | None = None,
        case_sensitive: bool = False,
        **options: Any,
    ):
        parser = EnumClassParser(enum_class, case_sensitive=case_sensitive)
        serializer = EnumClassSerializer(lowercase=not case_sensitive)
        super().__init__(parser, serializer, name, default, help, short_name, **options)
        self.help = f"<{'|'.join(parser.member_names)}>: {self.help}"


class MultiFlag(Flag):
    """May be given several times; its value is the list of all of them, which replaces the default."""

    repeat_help = ";\n    repeat this option to specify a list of values"

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.help += self.repeat_help

    def parse(self, argument: Any) -> None:
        values = self.parse_argument(argument)
        self.value = self.value + values if self.present else values
        self.present += len(values)

    def parse_argument(self, argument: Any) -> list[Any]:
        one = isinstance(argument, str) or not isinstance(argument, Iterable)
        return [super(MultiFlag, self).parse_argument(item) for item in ([argument] if one else argument)]

    def _as_argument(self, value: Any) -> str:
        if not self.serializer:
            raise Error(f"Serializer not present for flag {self.name}")
        return "" if value is None else "\n".join(super(MultiFlag, self)._as_argument(item) for item in value)

    def flag_type(self) -> str:
        return "multi " + self.parser.flag_type()


class MultiEnumClassFlag(MultiFlag):
    """Members of `enum_class`."""

    def __init__(
        self,
        name: str,
        default: Any,
        help_string: str | None,
        enum_class: type[enum.Enum],
        case_sensitive: bool = False,
        **options: Any,
    ):
        parser = EnumClassParser(enum_class, case_sensitive=case_sensitive)
        serializer = EnumClassListSerializer(",", lowercase=not case_sensitive)
        super().__init__(parser, serializer, name, default, help_string, **options)
        self.help = f"<{'|'.join(parser.member_names)}>: {self.help}"


class FlagAlias(Flag):
    """Another name for `flag`: both always have one value."""

    def __init__(self, name: str, flag: Flag):
        self._flag = flag
        help_string = f"Alias for --{flag.name}."
        super().__init__(flag.parser, flag.serializer, name, flag.default, help_string, boolean=flag.boolean)

    @property
    def value(self) -> Any:
        return self._flag.value

    @value.setter
    def value(self, value: Any) -> None:
        self._flag.value = value

    def parse(self, argument: Any) -> None:
        self._flag.parse(argument)
        self.present += 1

    def parse_default(self, value: Any) -> Any:
        return value  # The flag has parsed it already.


class FlagHolder:
    """What DEFINE_* returns: the flag's value without going through FLAGS."""

    def __init__(self, flag_values: Any, flag: Flag, ensure_non_none_value: bool = False):
        self._flagvalues = flag_values
        self._name = flag.name
        self._ensure_non_none_value = ensure_non_none_value

    def __eq__(self, other: object) -> bool:
        raise TypeError(
            f"unsupported operand type(s) for ==: '{type(self).__name__}' and '{type(other).__name__}' "
            f"(did you mean to use '{type(self).__name__}.value' instead?)"
        )

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(
            f"bool() not supported for instances of type '{type(self).__name__}' "
            f"(did you mean to use '{type(self).__name__}.value' instead?)"
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def value(self) -> Any:
        value = getattr(self._flagvalues, self._name)
        if self._ensure_non_none_value and value is None:
            raise IllegalFlagValueError(f"Unexpected None value for flag {self._name}")
        return value

    @property
    def default(self) -> Any:
        return self._flagvalues[self._name].default

    @property
    def present(self) -> bool:
        return bool(self._flagvalues[self._name].present)

    def serialize(self) -> str:
        return self._flagvalues[self._name].serialize()

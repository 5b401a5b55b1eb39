"""The registry of flags: parses a command line, gives the values as attributes, prints the help."""

from __future__ import annotations

import copy
import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pyflow.platform.flags import command_line, help_text
from pyflow.platform.flags.errors import (
    DuplicateFlagError,
    Error,
    FlagNameConflictsWithMethodError,
    IllegalFlagValueError,
    UnparsedFlagAccessError,
    UnrecognizedFlagError,
    ValidationError,
)
from pyflow.platform.flags.flag import Flag
from pyflow.platform.flags.parsers import ArgumentParser, ArgumentSerializer

# Modules that never count as the one which defines a flag: these here, and those that called disclaim_key_flags.
DISCLAIMED = {"pyflow.platform.flags.values", "pyflow.platform.flags.definitions", "pyflow.platform.app"}

# Read by every command line, whatever flags a program defines.
SPECIAL = {
    "flagfile": "Insert flag definitions from the given file into the command line.",
    "undefok": "comma-separated list of flag names that it is okay to specify on the command line even if the program "
    "does not define a flag with that name.  IMPORTANT: flags in this list that have arguments MUST use the "
    "--flag=value format.",
}


def calling_module() -> tuple[str, types.ModuleType | None]:
    """The module that called into the flags; the main one goes by the name of its script."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__")
        if name is not None and name not in DISCLAIMED:
            return module_key(name), sys.modules.get(name)
        frame = frame.f_back
    raise AssertionError("No module was found")


def module_key(module: Any) -> str:
    name = module if isinstance(module, str) else module.__name__
    return program_name() if name == "__main__" else name


def program_name() -> str:
    return sys.argv[0] if sys.argv else ""


class FlagValues:
    """Flags by name: `values["x"]` is the Flag, `values.x` its value, `values(argv)` parses, `str(values)` is the help.

    Flags are attributes, so the state lives in `__dict__` under names that no flag can have.
    """

    def __init__(self):
        self.__dict__.update(
            {
                "__flags": {},
                "__by_module": {},
                "__by_module_id": {},
                "__key_by_module": {},
                "__parsed": False,
                "__gnu_getopt": True,
            }
        )

    def _flags(self) -> dict[str, Flag]:
        return self.__dict__["__flags"]

    # Who defined what.

    def flags_by_module_dict(self) -> dict[str, list[Flag]]:
        return self.__dict__["__by_module"]

    def flags_by_module_id_dict(self) -> dict[int, list[Flag]]:
        return self.__dict__["__by_module_id"]

    def key_flags_by_module_dict(self) -> dict[str, list[Flag]]:
        return self.__dict__["__key_by_module"]

    def register_flag_by_module(self, module_name: str, flag: Flag) -> None:
        self.flags_by_module_dict().setdefault(module_name, []).append(flag)

    def register_flag_by_module_id(self, module_id: int, flag: Flag) -> None:
        self.flags_by_module_id_dict().setdefault(module_id, []).append(flag)

    def register_key_flag_for_module(self, module_name: str, flag: Flag) -> None:
        flags = self.key_flags_by_module_dict().setdefault(module_name, [])
        if flag not in flags:
            flags.append(flag)

    def get_flags_for_module(self, module: Any) -> list[Flag]:
        return list(self.flags_by_module_dict().get(module_key(module), []))

    def get_key_flags_for_module(self, module: Any) -> list[Flag]:
        """The flags that `module` (a module or its name) defines or declares as its own."""
        flags = self.get_flags_for_module(module)
        declared = self.key_flags_by_module_dict().get(module_key(module), [])
        return flags + [flag for flag in declared if flag not in flags]

    def find_module_defining_flag(self, flagname: str, default: Any = None) -> Any:
        return self._find_definer(flagname, self.flags_by_module_dict(), default)

    def find_module_id_defining_flag(self, flagname: str, default: Any = None) -> Any:
        return self._find_definer(flagname, self.flags_by_module_id_dict(), default)

    def _find_definer(self, flagname: str, definers: dict[Any, list[Flag]], default: Any) -> Any:
        flag = self._flags().get(flagname)
        return next((definer for definer, flags in definers.items() if flag is not None and flag in flags), default)

    def _forget_unless_registered(self, flag: Flag) -> None:
        if flag in self._flags().values():
            return
        for table in (self.flags_by_module_dict(), self.flags_by_module_id_dict(), self.key_flags_by_module_dict()):
            for flags in table.values():
                flags[:] = [other for other in flags if other is not flag]

    # The flags themselves.

    def __getitem__(self, name: str) -> Flag:
        return self._flags()[name]

    def __setitem__(self, name: str, flag: Flag) -> None:
        if not isinstance(flag, Flag):
            raise IllegalFlagValueError(
                f"Expect Flag instances, found type {type(flag)}. Maybe you didn't mean to use FlagValue.__setitem__?"
            )
        if not isinstance(name, str):
            raise Error("Flag name must be a string")
        if not name:
            raise Error("Flag name cannot be empty")
        if " " in name:
            raise Error("Flag name cannot contain a space")
        flags = self._flags()
        names = [name] if flag.short_name is None else [flag.short_name, name]
        for taken in names:
            if taken in BANNED_NAMES and not flag.allow_using_method_names:
                raise FlagNameConflictsWithMethodError(
                    f'Cannot define a flag named "{taken}". It conflicts with a method on class "FlagValues". To allow '
                    f"defining it, use allow_using_method_names and access the flag value with FLAGS['{taken}'].value. "
                    f"FLAGS.{taken} returns the method, not the flag value."
                )
            other = flags.get(taken)
            if other is not None and not (flag.allow_override or other.allow_override):
                module_name, module = calling_module()
                first = self.find_module_defining_flag(taken, "<unknown>")
                if taken == name and first == module_name and id(module) != self.find_module_id_defining_flag(name):
                    return  # The same module is being imported once more.
                raise duplicate(taken, first, module_name, other)
        for taken in names:
            other = flags.get(taken)
            if taken == name and other is not None and not other.using_default_value and flag.using_default_value:
                continue  # What the user has set outlives a new definition.
            flags[taken] = flag
            if other is not None and other is not flag:
                self._forget_unless_registered(other)

    def append_flag_values(self, flag_values: FlagValues) -> None:
        for name, flag in flag_values._flags().items():
            if name != flag.name:
                continue  # A short name; it comes with the flag.
            try:
                self[name] = flag
            except DuplicateFlagError:
                first = self.find_module_defining_flag(name, "<unknown>")
                second = flag_values.find_module_defining_flag(name, "<unknown>")
                raise duplicate(name, first, second, self[name]) from None

    def remove_flag_values(self, flag_values: Iterable[str]) -> None:
        for name in list(flag_values):
            delattr(self, name)

    def __contains__(self, name: object) -> bool:
        return name in self._flags()

    def __iter__(self) -> Iterator[str]:
        return iter(self._flags())

    def __len__(self) -> int:
        return len(self._flags())

    def __dir__(self) -> list[str]:
        return sorted(self._flags())

    def __delattr__(self, flag_name: str) -> None:
        if flag_name not in self:
            raise AttributeError(flag_name)
        self._forget_unless_registered(self._flags().pop(flag_name))

    def __deepcopy__(self, memo: dict[int, Any]) -> FlagValues:
        twin = object.__new__(type(self))
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    # Their values.

    def __getattr__(self, name: str) -> Any:
        flag = self.__dict__.get("__flags", {}).get(name)
        if flag is None:
            raise AttributeError(name)
        if not self.is_parsed() and not flag.present:
            raise UnparsedFlagAccessError(f"Trying to access flag --{name} before flags were parsed.")
        return flag.value

    def __setattr__(self, name: str, value: Any) -> None:
        self._set_attributes(**{name: value})

    def _set_attributes(self, **attributes: Any) -> None:
        """Sets several values before any validator looks at them; none is set when a validator objects."""
        flags = self._flags()
        for name, value in attributes.items():
            if name not in flags:
                raise UnrecognizedFlagError(name, value)
        before = {name: flags[name].value for name in attributes}
        try:
            for name, value in attributes.items():
                flags[name].value = value
            self._assert_validators({check for name in attributes for check in flags[name].validators})
        except Exception:
            for name, value in before.items():
                flags[name].value = value
            raise
        for name in attributes:
            flags[name].using_default_value = False

    def set_default(self, name: str, value: Any) -> None:
        """Another default; the value too, unless it was given on the command line or assigned."""
        if name not in self:
            raise UnrecognizedFlagError(name, value)
        self[name].set_default(value)
        self._assert_validators(self[name].validators)

    def get_flag_value(self, name: str, default: Any) -> Any:
        value = getattr(self, name)
        return default if value is None else value

    def flag_values_dict(self) -> dict[str, Any]:
        return {name: flag.value for name, flag in self._flags().items()}

    def validate_all_flags(self) -> None:
        self._assert_validators({check for flag in self._flags().values() for check in flag.validators})

    def _assert_validators(self, validators: Iterable[Any]) -> None:
        messages, bad = [], set()
        for check in sorted(validators, key=lambda check: check.order):
            if bad.isdisjoint(check.flag_names):
                try:
                    check.verify(self)
                except ValidationError as error:
                    bad.update(check.flag_names)
                    messages.append(f"{check.describe(self)}: {error}")
        if messages:
            raise IllegalFlagValueError("\n".join(messages))

    # The command line.

    def is_parsed(self) -> bool:
        return self.__dict__["__parsed"]

    def mark_as_parsed(self) -> None:
        self.__dict__["__parsed"] = True

    def unparse_flags(self) -> None:
        """Back to the defaults, as if no command line had been parsed."""
        for flag in self._flags().values():
            flag.unparse()
        self.__dict__["__parsed"] = False

    def set_gnu_getopt(self, gnu_getopt: bool = True) -> None:
        """Whether flags may follow plain arguments (they may, unless this says otherwise)."""
        self.__dict__["__gnu_getopt"] = gnu_getopt

    def is_gnu_getopt(self) -> bool:
        return self.__dict__["__gnu_getopt"]

    def __call__(self, argv: Sequence[str], known_only: bool = False) -> list[str]:
        """Parses argv (program name first) and returns the arguments that are not flags, program name included.

        An unknown flag raises UnrecognizedFlagError; under `known_only` it is returned with the arguments instead.
        """
        if isinstance(argv, (str, bytes)):
            raise TypeError("argv should be a tuple/list of strings, not bytes or string.")
        if not argv:
            raise ValueError("argv cannot be an empty list, and must contain the program name as the first element.")
        arguments = self.read_flags_from_files(argv[1:], force_gnu=False)
        unknown, rest = command_line.parse(arguments, self._flags(), self.is_gnu_getopt(), known_only)
        if unknown:
            name, argument = unknown[0]
            raise UnrecognizedFlagError(name, argument, help_text.suggest(name, self))
        self.mark_as_parsed()
        self.validate_all_flags()
        return [argv[0], *rest]

    def read_flags_from_files(self, argv: Sequence[str], force_gnu: bool = True) -> list[str]:
        """The arguments (without the program name) with every --flagfile replaced by the lines of that file."""
        return command_line.read_flag_files(argv, self._flags(), force_gnu or self.is_gnu_getopt())

    # Texts.

    def flags_into_string(self) -> str:
        """A flag file that sets all present values."""
        tables = sorted(self.flags_by_module_dict().items())
        flags = [flag for _, table in tables for flag in sorted(table, key=lambda flag: flag.name)]
        return "".join(flag.serialize() + "\n" for flag in flags if flag.value is not None)

    def append_flags_into_file(self, filename: str) -> None:
        with open(filename, "a", encoding="utf-8") as file:
            file.write(self.flags_into_string())

    def __str__(self) -> str:
        return self.get_help()

    def get_help(self, prefix: str = "", include_special_flags: bool = True) -> str:
        """The help of all flags, those of the main module first."""
        special = special_flags() if include_special_flags else []
        modules = sorted(self.flags_by_module_dict(), key=lambda name: (name != program_name(), name))
        if not modules:
            return "\n".join(self._blocks([*self._flags().values(), *special], prefix))
        lines = [line for name in modules for line in self._section(name, self.get_flags_for_module(name), prefix)]
        return "\n".join(lines + self._section("pyflow.platform.flags", special, prefix))

    def module_help(self, module: Any) -> str:
        return "\n".join(self._section(module_key(module), self.get_key_flags_for_module(module), ""))

    def main_module_help(self) -> str:
        return self.module_help(program_name())

    def _section(self, title: str, flags: list[Flag], prefix: str) -> list[str]:
        return [f"\n{prefix}{title}:", *self._blocks(flags, prefix + "  ")] if flags else []

    def _blocks(self, flags: list[Flag], prefix: str) -> list[str]:
        shown = {flag for flag in flags if flag.name in SPECIAL or self._flags().get(flag.name) is flag}
        return [help_text.describe(flag, prefix) for flag in sorted(shown, key=lambda flag: flag.name)]


# A flag of such a name could not be read as an attribute.
BANNED_NAMES = frozenset(dir(FlagValues))


def special_flags() -> list[Flag]:
    return [Flag(ArgumentParser(), ArgumentSerializer(), name, "", text) for name, text in SPECIAL.items()]


def duplicate(name: str, first: str, second: str, flag: Flag) -> DuplicateFlagError:
    return DuplicateFlagError(
        f"The flag '{name}' is defined twice. First from {first}, Second from {second}.  "
        f"Description from first occurrence: {flag.help}"
    )


class _FlagValuesWrapper(FlagValues):
    """The same flags as `flags`, but reading one before the command line is parsed parses `sys.argv` first."""

    def __init__(self, flags: FlagValues):
        object.__setattr__(self, "__dict__", flags.__dict__)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("__flags", {}) and not self.is_parsed():
            self(sys.argv or [""])
        return super().__getattr__(name)

    def _parse_flags(self, args: Sequence[str] | None = None) -> None:
        """How programs of TF 1.4 and before asked for the command line to be parsed."""
        self([program_name(), *(sys.argv[1:] if args is None else args)], known_only=True)


FLAGS = _FlagValuesWrapper(FlagValues())

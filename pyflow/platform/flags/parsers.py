"""From the text of a command-line argument to a flag's value, and back to text.

The classes and the words of their errors are those of absl.flags, which TF 1.15's `tf.flags` re-exports.
"""

from __future__ import annotations

import csv
import enum
import io
from collections.abc import Iterable
from typing import Any


class ArgumentParser:
    """Turns an argument into a value; this one accepts any string as it is.

    `parse` raises TypeError or ValueError for what it cannot take.
    """

    syntactic_help = ""

    def parse(self, argument: Any) -> Any:
        if not isinstance(argument, str):
            raise TypeError(f'flag value must be a string, found "{type(argument)}"')
        return argument

    def flag_type(self) -> str:
        return "string"


class ArgumentSerializer:
    """Turns a value into the text that parses back into it."""

    def serialize(self, value: Any) -> str:
        return str(value)


class NumericParser(ArgumentParser):
    """A number between two optional, inclusive bounds."""

    article = "a"
    noun = "number"
    # What a bound of this value is called: (lower bound, upper bound) -> adjective.
    lower_names: dict[Any, str] = {0: "non-negative"}
    upper_names: dict[Any, str] = {0: "non-positive"}

    def __init__(self, lower_bound: Any = None, upper_bound: Any = None):
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound
        self.syntactic_help = self._describe()

    def _describe(self) -> str:
        lower, upper = self.lower_bound, self.upper_bound
        if lower is not None and upper is not None:
            return f"{self.article} {self.noun} in the range [{lower}, {upper}]"
        if lower is not None:
            name = self.lower_names.get(lower)
            return f"a {name} {self.noun}" if name else f"{self.noun} >= {lower}"
        if upper is not None:
            name = self.upper_names.get(upper)
            return f"a {name} {self.noun}" if name else f"{self.noun} <= {upper}"
        return f"{self.article} {self.noun}"

    def is_outside_bounds(self, value: Any) -> bool:
        too_low = self.lower_bound is not None and value < self.lower_bound
        return too_low or (self.upper_bound is not None and value > self.upper_bound)

    def convert(self, argument: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}.convert")

    def parse(self, argument: Any) -> Any:
        value = self.convert(argument)
        if self.is_outside_bounds(value):
            raise ValueError(f"{value} is not {self.syntactic_help}")
        return value


class FloatParser(NumericParser):
    def convert(self, argument: Any) -> float:
        if isinstance(argument, bool) or not isinstance(argument, (str, int, float)):
            raise TypeError(f"Expect argument to be a string, int, or float, found {type(argument)}")
        return float(argument)

    def flag_type(self) -> str:
        return "float"


class IntegerParser(NumericParser):
    article = "an"
    noun = "integer"
    lower_names = {1: "positive", 0: "non-negative"}
    upper_names = {-1: "negative", 0: "non-positive"}

    def convert(self, argument: Any) -> int:
        if isinstance(argument, int) and not isinstance(argument, bool):
            return argument
        if isinstance(argument, str):
            bases = {"0o": 8, "0x": 16} if len(argument) > 2 else {}
            return int(argument, bases.get(argument[:2], 10))
        raise TypeError(f"Expect argument to be a string or int, found {type(argument)}")

    def flag_type(self) -> str:
        return "int"


class BooleanParser(ArgumentParser):
    words = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}

    def parse(self, argument: Any) -> bool:
        if isinstance(argument, str):
            if argument.lower() in self.words:
                return self.words[argument.lower()]
        elif not isinstance(argument, int):
            raise TypeError("Non-boolean argument to boolean flag", argument)
        elif argument in (0, 1):
            return bool(argument)
        raise ValueError("Non-boolean argument to boolean flag", argument)

    def flag_type(self) -> str:
        return "bool"


class EnumParser(ArgumentParser):
    """One of a list of words."""

    def __init__(self, enum_values: Iterable[str], case_sensitive: bool = True):
        if not enum_values:
            raise ValueError(f'enum_values cannot be empty, found "{enum_values}"')
        if isinstance(enum_values, str):
            raise ValueError(f'enum_values cannot be a str, found "{enum_values}"')
        self.enum_values = list(enum_values)
        self.case_sensitive = case_sensitive

    def parse(self, argument: Any) -> str:
        for value in self.enum_values:
            if argument == value or (not self.case_sensitive and argument.upper() == value.upper()):
                return value
        raise ValueError(f"value should be one of <{'|'.join(self.enum_values)}>")

    def flag_type(self) -> str:
        return "string enum"


class EnumClassParser(ArgumentParser):
    """A member of an Enum class, given by its name."""

    def __init__(self, enum_class: type[enum.Enum], case_sensitive: bool = True):
        if not issubclass(enum_class, enum.Enum):
            raise TypeError(f"{enum_class} is not a subclass of Enum.")
        if not enum_class.__members__:
            raise ValueError(f'enum_class cannot be empty, but "{enum_class}" is empty.')
        self.enum_class = enum_class
        self._spell = str if case_sensitive else str.lower
        names = [self._spell(name) for name in enum_class.__members__]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"Duplicate enum values for {repeated} using case_sensitive=False")
        self.member_names = tuple(names)

    def parse(self, argument: Any) -> Any:
        if isinstance(argument, self.enum_class):
            return argument
        if not isinstance(argument, str):
            raise ValueError(f"{argument} is not an enum member or a name of a member in {self.enum_class}")
        name = EnumParser(self.member_names).parse(self._spell(argument))
        return list(self.enum_class.__members__.values())[self.member_names.index(name)]

    def flag_type(self) -> str:
        return "enum class"


class BaseListParser(ArgumentParser):
    """A list of strings with `token` between them (None: white space)."""

    def __init__(self, token: str | None = None, name: str | None = None):
        assert name
        self._token = token
        self._name = name
        self.syntactic_help = f"a {name} separated list"

    def parse(self, argument: Any) -> list[str]:
        if isinstance(argument, list):
            return argument
        return self.split(argument) if argument else []

    def split(self, argument: str) -> list[str]:
        return [item.strip() for item in argument.split(self._token)]

    def flag_type(self) -> str:
        return f"{self._name} separated list of strings"


class ListParser(BaseListParser):
    """Comma-separated; an item in double quotes may hold commas, as in CSV."""

    def __init__(self):
        super().__init__(",", "comma")

    def split(self, argument: str) -> list[str]:
        try:
            return [item.strip() for item in next(csv.reader([argument], strict=True))]
        except csv.Error as error:
            raise ValueError(f"Unable to parse the value {argument!r} as a {self.flag_type()}: {error}") from error


class WhitespaceSeparatedListParser(BaseListParser):
    def __init__(self, comma_compat: bool = False):
        super().__init__(None, "whitespace or comma" if comma_compat else "whitespace")
        self._comma_compat = comma_compat

    def split(self, argument: str) -> list[str]:
        return (argument.replace(",", " ") if self._comma_compat else argument).split()


class ListSerializer(ArgumentSerializer):
    def __init__(self, list_sep: str):
        self.list_sep = list_sep

    def serialize(self, value: Any) -> str:
        return self.list_sep.join(str(item) for item in value)


class CsvListSerializer(ListSerializer):
    def __init__(self, list_sep: str = ","):
        super().__init__(list_sep)

    def serialize(self, value: Any) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=self.list_sep).writerow([str(item) for item in value])
        return text.getvalue().strip()


class EnumClassSerializer(ArgumentSerializer):
    def __init__(self, lowercase: bool):
        self._lowercase = lowercase

    def serialize(self, value: Any) -> str:
        return value.name.lower() if self._lowercase else value.name


class EnumClassListSerializer(ListSerializer):
    def __init__(self, list_sep: str, lowercase: bool = False):
        super().__init__(list_sep)
        self._item = EnumClassSerializer(lowercase)

    def serialize(self, value: Any) -> str:
        items = value if isinstance(value, list) else [value]
        return self.list_sep.join(self._item.serialize(item) for item in items)

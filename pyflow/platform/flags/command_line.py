"""From the arguments of a program to the values of its flags."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from pyflow.platform.flags.errors import CantOpenFlagFileError, Error, IllegalFlagValueError
from pyflow.platform.flags.flag import Flag


def parse(
    arguments: Sequence[str], flags: Mapping[str, Flag], gnu_getopt: bool = True, known_only: bool = False
) -> tuple[list[tuple[str, str]], list[str]]:
    """Hands every flag what was given for it; returns the unknown flags, as (name, argument), and the plain arguments.

    Flags start with one dash or two; a boolean one is `--name` or `--noname`, any other takes the part after `=` or the
    next argument. Nothing after `--` is a flag; without `gnu_getopt` nothing after the first plain argument either.
    Under `known_only` the unknown flags stay among the plain arguments.
    """
    left: list[tuple[str | None, str]] = []  # (name of an unknown flag or None for a plain argument, argument)
    tolerated: set[str] = set()
    queue = iter(arguments)
    for argument in queue:
        if argument == "--":
            if known_only:
                left.append((None, argument))
            break
        is_flag, name, value = split(argument)
        if not is_flag or not name:
            left.append((None, argument))
            if gnu_getopt:
                continue
            break
        if name == "undefok":
            words = [word.strip() for word in value_of(argument, value, queue).split(",")]
            tolerated.update(words, ("no" + word for word in words))
            continue
        flag = flags.get(name)
        if flag is not None:
            value = "true" if flag.boolean and value is None else value_of(argument, value, queue)
        elif name.startswith("no") and name[2:] in flags and flags[name[2:]].boolean:
            if value is not None:
                raise ValueError(f"{argument} does not take an argument")
            flag, value = flags[name[2:]], "false"
        if flag is None:
            left.append((name, argument))
        else:
            flag.parse(value)
            flag.using_default_value = False
    left = [(name, argument) for name, argument in left if name not in tolerated]
    unknown = [(name, argument) for name, argument in left if name is not None and not known_only]
    return unknown, [argument for name, argument in left if name is None or known_only] + list(queue)


def split(argument: str) -> tuple[bool, str, str | None]:
    """(starts with a dash, name, part after `=` or None)."""
    body = argument[2:] if argument.startswith("--") else argument[1:]
    name, equals, value = body.partition("=")
    return argument.startswith("-"), name, value if equals else None


def value_of(argument: str, value: str | None, queue: Iterator[str]) -> str:
    value = next(queue, None) if value is None else value
    if value is None:
        raise Error(f"Missing value for flag {argument}")
    return value


def read_flag_files(arguments: Sequence[str], flags: Mapping[str, Flag], gnu_getopt: bool = True) -> list[str]:
    """The arguments with every --flagfile replaced by the lines of that file."""
    result: list[str] = []
    queue = iter(arguments)
    for argument in queue:
        is_flag, name, value = split(argument)
        if is_flag and name == "flagfile":
            value = next(queue, None) if value is None else value
            if value is None:
                raise IllegalFlagValueError("--flagfile with no argument")
            result += lines_of(value, ())
            continue
        result.append(argument)
        if argument == "--" or not (is_flag or gnu_getopt):
            break
        if is_flag and value is None and name in flags and not flags[name].boolean:
            # The value of this flag, which may look like --flagfile without being one.
            result += [value for value in (next(queue, None),) if value is not None]
    return result + list(queue)


def lines_of(file_name: str, including: tuple[str, ...]) -> list[str]:
    """The flags in a file, one a line, without comments (# or //); files may include others."""
    file_name = os.path.expanduser(file_name.strip())
    if not file_name:
        return []
    if file_name in including:
        sys.stderr.write(f"Warning: Hit circular flagfile dependency. Ignoring flagfile: {file_name}\n")
        return []
    try:
        with open(file_name, encoding="utf-8") as file:
            lines = [line.strip() for line in file if line.strip() and not line.startswith(("#", "//"))]
    except OSError as error:
        raise CantOpenFlagFileError(f"ERROR:: Unable to open flagfile: {error}") from error
    result: list[str] = []
    for line in lines:
        is_flag, name, value = split(line)
        if is_flag and name == "flagfile" and value is not None:
            result += lines_of(value, (*including, file_name))
        else:
            result.append(line)
    return result

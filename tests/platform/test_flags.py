"""tf.flags: what each kind of flag takes, and how a command line is read."""

from __future__ import annotations

import enum

import pytest

from pyflow.platform import flags


class Color(enum.Enum):
    RED = 1
    GREEN = 2


def parse(values, *arguments, known_only=False):
    return values(["program", *arguments], known_only=known_only)


DEFINITIONS = {
    "string": lambda v: flags.DEFINE_string("x", "a", "help", flag_values=v),
    "integer": lambda v: flags.DEFINE_integer("x", 1, "help", flag_values=v),
    "bounded": lambda v: flags.DEFINE_integer("x", 1, "help", lower_bound=0, upper_bound=9, flag_values=v),
    "float": lambda v: flags.DEFINE_float("x", 1.5, "help", flag_values=v),
    "bool": lambda v: flags.DEFINE_bool("x", False, "help", flag_values=v),
    "boolean": lambda v: flags.DEFINE_boolean("x", True, "help", flag_values=v),
    "enum": lambda v: flags.DEFINE_enum("x", "sgd", ["sgd", "adam"], "help", flag_values=v),
    "enum, any case": lambda v: flags.DEFINE_enum("x", None, ["SGD"], "help", flag_values=v, case_sensitive=False),
    "enum_class": lambda v: flags.DEFINE_enum_class("x", Color.RED, Color, "help", flag_values=v),
    "list": lambda v: flags.DEFINE_list("x", "a,b", "help", flag_values=v),
    "spaceseplist": lambda v: flags.DEFINE_spaceseplist("x", "a b", "help", flag_values=v),
    "spaces or commas": lambda v: flags.DEFINE_spaceseplist("x", None, "help", comma_compat=True, flag_values=v),
    "multi_string": lambda v: flags.DEFINE_multi_string("x", "a", "help", flag_values=v),
    "multi_integer": lambda v: flags.DEFINE_multi_integer("x", [1, 2], "help", flag_values=v),
    "multi_float": lambda v: flags.DEFINE_multi_float("x", None, "help", flag_values=v),
    "multi_enum": lambda v: flags.DEFINE_multi_enum("x", "a", ["a", "b"], "help", flag_values=v),
    "multi_enum_class": lambda v: flags.DEFINE_multi_enum_class("x", [Color.RED], Color, "help", flag_values=v),
}

VALUES = [
    ("string", [], "a"),
    ("string", ["--x=b=c"], "b=c"),
    ("string", ["-x", "-y"], "-y"),
    ("string", ["--x="], ""),
    ("integer", [], 1),
    ("integer", ["--x", "-7"], -7),
    ("integer", ["--x=0x10"], 16),
    ("integer", ["--x=0o10"], 8),
    ("integer", ["--x=3", "--x=4"], 4),
    ("float", ["--x=1e-3"], 1e-3),
    ("float", ["--x=2"], 2.0),
    ("bool", [], False),
    ("bool", ["--x"], True),
    ("bool", ["-x", "word"], True),
    ("bool", ["--x=T"], True),
    ("boolean", ["--nox"], False),
    ("boolean", ["--x=0"], False),
    ("enum", ["--x=adam"], "adam"),
    ("enum, any case", ["--x=sgd"], "SGD"),
    ("enum_class", ["--x=green"], Color.GREEN),
    ("list", [], ["a", "b"]),
    ("list", ["--x="], []),
    ("list", ['--x=a,"b,c",d'], ["a", "b,c", "d"]),
    ("spaceseplist", ["--x=  a  b,c "], ["a", "b,c"]),
    ("spaces or commas", ["--x=a b,c"], ["a", "b", "c"]),
    ("multi_string", [], ["a"]),
    ("multi_string", ["--x=b", "--x=c"], ["b", "c"]),
    ("multi_integer", [], [1, 2]),
    ("multi_integer", ["--x=5"], [5]),
    ("multi_float", [], None),
    ("multi_float", ["--x=5", "--x=1.5"], [5.0, 1.5]),
    ("multi_enum", ["--x=b"], ["b"]),
    ("multi_enum_class", ["--x=green", "--x=RED"], [Color.GREEN, Color.RED]),
]


@pytest.mark.parametrize("kind, arguments, expected", VALUES)
def test_value_of_a_flag(values, kind, arguments, expected):
    holder = DEFINITIONS[kind](values)
    parse(values, *arguments)
    assert values.x == expected and type(values.x) is type(expected)
    assert holder.value == expected
    assert holder.present == bool(arguments)


REFUSED = [
    ("integer", "x", "flag --x=x: invalid literal for int() with base 10: 'x'"),
    ("integer", "1.5", "flag --x=1.5: invalid literal for int() with base 10: '1.5'"),
    ("bounded", "10", "flag --x=10: 10 is not an integer in the range [0, 9]"),
    ("float", "abc", "flag --x=abc: could not convert string to float: 'abc'"),
    ("bool", "maybe", "flag --x=maybe: ('Non-boolean argument to boolean flag', 'maybe')"),
    ("enum", "ADAM", "flag --x=ADAM: value should be one of <sgd|adam>"),
    ("enum_class", "blue", "flag --x=blue: value should be one of <red|green>"),
    ("multi_integer", "a", "flag --x=a: invalid literal for int() with base 10: 'a'"),
]


@pytest.mark.parametrize("kind, text, words", REFUSED)
def test_value_that_does_not_parse_is_refused(values, kind, text, words):
    DEFINITIONS[kind](values)
    with pytest.raises(flags.IllegalFlagValueError) as error:
        parse(values, f"--x={text}")
    assert str(error.value) == words


@pytest.mark.parametrize(
    "define, words",
    [
        (lambda v: flags.DEFINE_integer("y", 1.5, "", flag_values=v), "Expect argument to be a string or int, found"),
        (lambda v: flags.DEFINE_string("y", 3, "", flag_values=v), "flag value must be a string, found"),
        (lambda v: flags.DEFINE_bool("y", 2, "", flag_values=v), "Non-boolean argument to boolean flag"),
        (lambda v: flags.DEFINE_float("y", True, "", flag_values=v), "Expect argument to be a string, int, or float"),
        (lambda v: flags.DEFINE_integer("y", -1, "", lower_bound=0, flag_values=v), "-1 is not a non-negative integer"),
        (lambda v: flags.DEFINE_integer("y", 0, "", lower_bound=1, flag_values=v), "0 is not a positive integer"),
        (lambda v: flags.DEFINE_integer("y", 3, "", upper_bound=2, flag_values=v), "3 is not integer <= 2"),
        (lambda v: flags.DEFINE_float("y", 0.1, "", lower_bound=0.5, flag_values=v), "0.1 is not number >= 0.5"),
    ],
)
def test_default_that_does_not_parse_is_refused(values, define, words):
    with pytest.raises(flags.IllegalFlagValueError, match=words):
        define(values)


def test_old_argument_names_are_understood(values, caplog):
    flags.DEFINE_string(flag_name="s", default_value="d", docstring="text", flag_values=values)
    assert values["s"].default == "d" and values["s"].help == "text"
    assert "(name, default, help) instead" in caplog.text


# Parsing.


@pytest.mark.parametrize(
    "arguments, rest",
    [
        ([], []),
        (["a", "--steps=3", "b"], ["a", "b"]),
        (["-s", "3", "-", "x"], ["-", "x"]),
        (["--train", "--", "--name=x"], ["--name=x"]),
        (["--undefok=gone,lost", "--gone=3", "--nolost", "x"], ["x"]),
    ],
)
def test_what_is_no_flag_is_returned(three, arguments, rest):
    assert parse(three, *arguments) == ["program", *rest]


def test_unknown_flags_are_returned_when_only_known_ones_are_wanted(three):
    rest = parse(three, "--lr", "0.1", "--steps=4", "--nostop", "--", "--steps=5", known_only=True)
    assert rest == ["program", "--lr", "0.1", "--nostop", "--", "--steps=5"]
    assert three.steps == 4


def test_without_gnu_getopt_the_first_plain_argument_ends_the_flags(three):
    three.set_gnu_getopt(False)
    assert parse(three, "--steps=3", "a", "--steps=4") == ["program", "a", "--steps=4"]
    assert three.steps == 3


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        (["--nmae=3"], flags.UnrecognizedFlagError, "Unknown command line flag 'nmae'. Did you mean: name ?"),
        (["--learning_rate=3"], flags.UnrecognizedFlagError, "Unknown command line flag 'learning_rate'"),
        (["--name"], flags.Error, "Missing value for flag --name"),
        (["--notrain=1"], ValueError, "--notrain=1 does not take an argument"),
        (["--flagfile"], flags.IllegalFlagValueError, "--flagfile with no argument"),
        (["--flagfile=/no/such"], flags.CantOpenFlagFileError, "ERROR:: Unable to open flagfile: "),
    ],
)
def test_bad_command_line(three, arguments, error, words):
    with pytest.raises(error) as caught:
        parse(three, *arguments)
    assert str(caught.value).startswith(words)


def test_unrecognized_flag_error_knows_the_flag(three):
    with pytest.raises(flags.UnrecognizedFlagError) as caught:
        parse(three, "--lr=3")
    assert caught.value.flagname == "lr" and caught.value.flagvalue == "--lr=3"


def test_argv_must_be_a_list_with_the_program_name(three):
    with pytest.raises(TypeError, match="not bytes or string"):
        three("program")
    with pytest.raises(ValueError, match="argv cannot be an empty list"):
        three([])


def test_flags_from_a_file(three, tmp_path):
    inner = tmp_path / "inner.cfg"
    inner.write_text("// as in C++\n--train\n")
    outer = tmp_path / "outer.cfg"
    outer.write_text(f"# comment\n\n--steps=7\n--flagfile={inner}\n--name=a b\n")
    assert parse(three, f"--flagfile={outer}", "rest") == ["program", "rest"]
    assert (three.steps, three.train, three.name) == (7, True, "a b")


def test_flag_files_that_include_each_other_end(three, tmp_path, capsys):
    path = tmp_path / "self.cfg"
    path.write_text(f"--flagfile={path}\n--steps=3\n")
    parse(three, "--flagfile", str(path))
    assert three.steps == 3
    assert "circular flagfile" in capsys.readouterr().err


def test_values_survive_a_flag_file(three, tmp_path):
    flags.DEFINE_list("words", ["a,b", "c"], "", flag_values=three)
    parse(three, "--name=x", "--train", "--steps=3")
    path = tmp_path / "flags.cfg"
    three.append_flags_into_file(str(path))
    assert path.read_text() == '--name=x\n--steps=3\n--train\n--words="a,b",c\n'
    three.unparse_flags()
    parse(three, f"--flagfile={path}")
    assert three.flag_values_dict() == {"name": "x", "steps": 3, "s": 3, "train": True, "words": ["a,b", "c"]}


# Reading and assigning.

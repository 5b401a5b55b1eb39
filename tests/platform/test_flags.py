"""tf.flags: what each kind of flag takes, how a command line is read, and the words of the errors (absl's)."""

from __future__ import annotations

import copy
import enum
import sys

import pytest

from pyflow.core.api import PUBLIC
from pyflow.platform import flags


class Color(enum.Enum):
    RED = 1
    GREEN = 2


@pytest.fixture
def values():
    return flags.FlagValues()


@pytest.fixture
def lazy(values):
    """A registry that parses sys.argv when it is first read, as tf.flags.FLAGS does."""
    return flags._FlagValuesWrapper(values)


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


@pytest.fixture
def three(values):
    flags.DEFINE_string("name", None, "", flag_values=values)
    flags.DEFINE_integer("steps", 10, "", flag_values=values, short_name="s")
    flags.DEFINE_bool("train", False, "", flag_values=values)
    return values


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


def test_reading_before_parsing_is_an_error(values):
    flags.DEFINE_string("x", "a", "", flag_values=values)
    with pytest.raises(flags.UnparsedFlagAccessError, match="Trying to access flag --x before flags were parsed."):
        _ = values.x
    values.mark_as_parsed()
    assert values.x == "a"


def test_tf_flags_parse_the_command_line_when_first_read(lazy, monkeypatch):
    flags.DEFINE_string("x", "a", "", flag_values=lazy)
    monkeypatch.setattr(sys, "argv", ["program", "--x=b"])
    assert not lazy.is_parsed()
    assert lazy.x == "b"
    assert lazy.is_parsed()


def test_asking_for_a_flag_that_does_not_exist_parses_nothing(lazy, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kernel", "-f", "connection.json"])
    with pytest.raises(AttributeError):
        _ = lazy._repr_html_
    assert not lazy.is_parsed()


def test_lazy_registry_is_the_registry_it_wraps(lazy, values):
    flags.DEFINE_string("x", "a", "the text", flag_values=lazy)
    assert values["x"] is lazy["x"]
    assert list(lazy) == ["x"] and len(lazy) == 1 and dir(lazy) == ["x"] and "x" in lazy
    assert str(lazy) == str(values) and "the text" in str(values)
    del lazy.x
    assert "x" not in values


def test_programs_of_before_tf_1_5_parse_and_list_flags(lazy, monkeypatch):
    flags.DEFINE_integer("x", 1, "", flag_values=lazy)
    monkeypatch.setattr(sys, "argv", ["program", "--x=2", "--unknown"])
    lazy._parse_flags()
    assert sorted((name, flag.value) for name, flag in lazy.__flags.items()) == [("x", 2)]


def test_assignment(three):
    parse(three)
    three.name = "b"
    assert three.name == "b" and not three["name"].using_default_value
    with pytest.raises(flags.UnrecognizedFlagError, match="Unknown command line flag 'other'"):
        three.other = 1


def test_assignment_outside_the_bounds_is_undone(values):
    DEFINITIONS["bounded"](values)
    parse(values)
    with pytest.raises(flags.IllegalFlagValueError, match=r"flag --x=10: 10 is not an integer in the range \[0, 9\]"):
        values.x = 10
    assert values.x == 1


def test_set_default_moves_only_what_was_not_given(three):
    parse(three, "--steps=3")
    three.set_default("steps", 5)
    three.set_default("name", "n")
    assert (three.steps, three["steps"].default, three.name) == (3, 5, "n")


def test_holder(values):
    holder = flags.DEFINE_integer("x", 1, "", flag_values=values)
    parse(values, "--x=3")
    assert (holder.name, holder.value, holder.default, holder.serialize()) == ("x", 3, 1, "--x=3")
    flags.override_value(holder, 4)
    flags.set_default(holder, 6)
    assert (holder.value, holder.default) == (4, 6)
    with pytest.raises(TypeError, match="did you mean to use 'FlagHolder.value' instead"):
        bool(holder == 3)
    with pytest.raises(TypeError, match="did you mean to use 'FlagHolder.value' instead"):
        bool(holder)


def test_alias_has_the_value_of_its_flag(three):
    flags.DEFINE_alias("n_steps", "steps", flag_values=three)
    parse(three, "--n_steps=3")
    assert three.steps == three.n_steps == 3
    three.steps = 4
    assert three.n_steps == 4
    with pytest.raises(flags.UnrecognizedFlagError):
        flags.DEFINE_alias("a", "nothing", flag_values=three)


def test_get_flag_value_replaces_none(three):
    parse(three)
    assert three.get_flag_value("name", "x") == "x" and three.get_flag_value("steps", 0) == 10


def test_copies_are_independent(three):
    twin = copy.deepcopy(three)
    parse(twin, "--steps=3")
    assert twin.steps == 3 and three["steps"].value == 10 and not three.is_parsed()


# Defining.


def test_name_taken_twice(three):
    with pytest.raises(flags.DuplicateFlagError) as error:
        flags.DEFINE_string("name", "", "again", flag_values=three)
    assert str(error.value) == (
        f"The flag 'name' is defined twice. First from {__name__}, Second from {__name__}.  "
        "Description from first occurrence: (no help available)"
    )


def test_override_is_allowed_on_request(three):
    flags.DEFINE_string("name", "second", "", flag_values=three, allow_override=True)
    parse(three)
    assert three.name == "second"
    assert [flag.name for flag in three.get_flags_for_module(__name__)].count("name") == 1


@pytest.mark.parametrize(
    "name, error, words",
    [
        ("", flags.Error, "Flag name cannot be empty"),
        ("a b", flags.Error, "Flag name cannot contain a space"),
        ("is_parsed", flags.FlagNameConflictsWithMethodError, 'Cannot define a flag named "is_parsed"'),
    ],
)
def test_bad_name(values, name, error, words):
    with pytest.raises(error, match=words):
        flags.DEFINE_string(name, "", "", flag_values=values)


def test_registries_can_be_joined_and_parted(three):
    more = flags.FlagValues()
    flags.DEFINE_string("x", "a", "", flag_values=more)
    three.append_flag_values(more)
    parse(three, "--x=b")
    assert more["x"].value == "b"
    with pytest.raises(flags.DuplicateFlagError, match="The flag 'x' is defined twice"):
        three.append_flag_values(more)
    three.remove_flag_values(more)
    assert "x" not in three


def test_given_only_once_on_request(values):
    flags.DEFINE_string("x", "a", "", flag_values=values, allow_overwrite=False)
    with pytest.raises(flags.IllegalFlagValueError, match="flag --x=c: already defined as b"):
        parse(values, "--x=b", "--x=c")


# Validators.


def test_required_flag(three):
    flags.mark_flag_as_required("name", flag_values=three)
    with pytest.raises(flags.IllegalFlagValueError) as error:
        parse(three)
    assert str(error.value) == "flag --name=None: Flag --name must have a value other than None."
    parse(three, "--name=")
    with pytest.warns(UserWarning, match="Flag --steps has a non-None default value"):
        flags.mark_flags_as_required(["steps"], flag_values=three)


def test_required_in_the_definition(values):
    holder = flags.DEFINE_integer("x", None, "", flag_values=values, required=True)
    with pytest.raises(flags.IllegalFlagValueError, match="Flag --x must have a value other than None"):
        parse(values)
    parse(values, "--x=1")
    assert holder.value == 1
    with pytest.raises(ValueError, match="Required flag --y cannot have a non-None default"):
        flags.DEFINE_integer("y", 1, "", flag_values=values, required=True)


def test_validators_report_in_the_order_they_were_made(three):
    flags.register_validator("steps", lambda n: n > 0, "must be positive", flag_values=three)

    @flags.validator("name", flag_values=three)
    def check_name(name):
        raise flags.ValidationError("no name is good")

    @flags.multi_flags_validator(["name", "train"], flag_values=three)
    def never_reached(values):
        raise AssertionError("name has failed already")

    with pytest.raises(flags.IllegalFlagValueError) as error:
        parse(three, "--steps=0")
    assert str(error.value) == "flag --steps=0: must be positive\nflag --name=None: no name is good"


def test_mutually_exclusive_flags(values):
    for name in "ab":
        flags.DEFINE_string(name, None, "", flag_values=values)
    flags.mark_flags_as_mutual_exclusive(["a", "b"], required=True, flag_values=values)
    with pytest.raises(flags.IllegalFlagValueError) as error:
        parse(values)
    assert str(error.value) == "flags a=None, b=None: Exactly one of (a, b) must have a value other than None."
    parse(values, "--a=1")


def test_mutually_exclusive_booleans(three):
    flags.DEFINE_bool("test", False, "", flag_values=three)
    flags.mark_bool_flags_as_mutual_exclusive(["train", "test"], flag_values=three)
    parse(three)
    with pytest.raises(flags.IllegalFlagValueError, match=r"At most one of \(train, test\) must be True."):
        parse(three, "--train", "--test")
    with pytest.raises(flags.ValidationError, match="Flag --steps is not Boolean"):
        flags.mark_bool_flags_as_mutual_exclusive(["steps"], flag_values=three)


# Help.


def test_help_of_a_module(values):
    flags.DEFINE_float("rate", 0.5, "How fast to learn; " + "long " * 20, lower_bound=0, flag_values=values)
    flags.DEFINE_bool("train", None, None, flag_values=values, short_name="t")
    assert values.module_help(__name__) == (
        f"\n{__name__}:\n"
        "  --rate: How fast to learn; long long long long long long long long long long\n"
        "    long long long long long long long long long long\n"
        "    (default: '0.5')\n"
        "    (a non-negative number)\n"
        "  -t,--[no]train: (no help available)"
    )


def test_help_starts_with_the_main_module_and_ends_with_the_special_flags(values, monkeypatch):
    flags.DEFINE_string("x", "a", "", flag_values=values)
    flags.DEFINE_string("m", "a", "", flag_values=values, module_name="zz_main.py")
    monkeypatch.setattr(sys, "argv", ["zz_main.py"])
    titles = [line for line in values.get_help().splitlines() if line and not line.startswith(" ")]
    assert titles == ["zz_main.py:", f"{__name__}:", "pyflow.platform.flags:"]
    assert "--flagfile:" in values.get_help() and "--flagfile:" not in values.get_help(include_special_flags=False)


def test_key_flags_of_another_module(values):
    flags.DEFINE_string("x", "a", "", flag_values=values, module_name="other")
    flags.declare_key_flag("x", flag_values=values)
    assert values.get_key_flags_for_module(__name__) == [values["x"]]
    with pytest.raises(ValueError, match="Flag --y is undefined"):
        flags.declare_key_flag("y", flag_values=values)


def test_flag_dict_to_args():
    flag_map = {"a": 1, "b": [1, 2], "c": True, "d": False, "e": None, "f": "x,y", "g": ["p", "q"]}
    arguments = ["--a=1", "--b=1,2", "--c", "--nod", "--e", "--f=x,y", "--g=p", "--g=q"]
    assert list(flags.flag_dict_to_args(flag_map, multi_flags={"g"})) == arguments


def test_doc_to_help():
    assert flags.doc_to_help("  first\n   line\n\n   second\n     third  \n") == "first line\n\nsecond\n  third"


def test_public_names():
    for name in ["DEFINE_string", "DEFINE_multi_enum", "FLAGS", "mark_flag_as_required", "IllegalFlagValueError"]:
        assert PUBLIC[f"flags.{name}"] is PUBLIC[f"app.flags.{name}"] is getattr(flags, name)

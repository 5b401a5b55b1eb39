"""tf.flags: registries, what they allow, validators, help, and the words of the errors (absl's)."""

from __future__ import annotations

import copy
import sys

import pytest

from pyflow.core.api import PUBLIC
from pyflow.platform import flags


def parse(values, *arguments):
    return values(["program", *arguments])


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
    flags.DEFINE_integer("x", 1, "help", lower_bound=0, upper_bound=9, flag_values=values)
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


def test_name_taken_twice(values):
    flags.DEFINE_string("name", None, "", flag_values=values)
    with pytest.raises(flags.DuplicateFlagError) as error:
        flags.DEFINE_string("name", "", "again", flag_values=values)
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

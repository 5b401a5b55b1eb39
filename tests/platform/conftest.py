"""Registries of flags for the tests of tf.flags."""

import pytest

from pyflow.platform import flags


@pytest.fixture
def values():
    return flags.FlagValues()


@pytest.fixture
def lazy(values):
    """A registry that parses sys.argv when it is first read, as tf.flags.FLAGS does."""
    return flags._FlagValuesWrapper(values)


@pytest.fixture
def three(values):
    flags.DEFINE_string("name", None, "", flag_values=values)
    flags.DEFINE_integer("steps", 10, "", flag_values=values, short_name="s")
    flags.DEFINE_bool("train", False, "", flag_values=values)
    return values

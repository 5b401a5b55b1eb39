"""Classes of options that programs write; words as in TF 1.15.5."""

import pytest

import pyflow as tf
from pyflow.data.options import OptionsBase, create_option, merge_options


class Inner(OptionsBase):
    x = create_option(name="x", ty=int, docstring="the answer", default_factory=lambda: 42)
    y = create_option(name="y", ty=float, docstring="a ratio", default_factory=lambda: 6.28)


class Outer(OptionsBase):
    inner = create_option(name="inner", ty=Inner, docstring="nested", default_factory=Inner)
    z = create_option(name="z", ty=int, docstring="nothing until it is set")


def test_options_have_defaults_and_types():
    options = Outer()
    assert (options.inner.x, options.inner.y, options.z) == (42, 6.28, None) and options == Outer()
    options.inner.x = 7
    assert options.inner.x == 7 and options != Outer() and Inner.x.__doc__ == "the answer"
    with pytest.raises(TypeError, match="""Property "z" must be of type <class 'int'>, got: 's'"""):
        options.z = "s"
    with pytest.raises(AttributeError, match="Cannot set the property other on Outer."):
        options.other = 3


def test_options_are_merged():
    first, second, third = Inner(), Inner(), Inner()
    first.x, second.y, third.x = 7, 1.0, 8
    merged = merge_options(first, second)
    assert (merged.x, merged.y) == (7, 1.0)
    with pytest.raises(ValueError, match=r"Cannot merge incompatible values \(7 and 8\) of option: x"):
        merge_options(first, third)
    with pytest.raises(TypeError, match="Incompatible options type: <class '.*Outer'> vs <class '.*Inner'>"):
        merge_options(first, Outer())


def test_only_datasets_are_concatenated():
    words = "`dataset_or_iterator` must be a Dataset or Iterator object, but got <class 'int'>."
    with pytest.raises(TypeError, match=words):
        tf.data.Dataset.range(3).concatenate(3)


def test_arguments_of_a_generator_are_a_sequence():
    with pytest.raises(TypeError, match="values must be a sequence."):
        tf.data.Dataset.from_generator(lambda n: [n], tf.int32, args=3)

"""HParams: values by name that keep their types."""

from __future__ import annotations

import pytest

import pyflow as tf


@pytest.fixture
def hparams():
    return tf.contrib.training.HParams(rate=0.1, layers=2, name="net", fast=True, sizes=[3, 4])


def test_values_are_attributes_and_can_be_overridden(hparams):
    assert (hparams.rate, hparams.sizes, "layers" in hparams, "other" in hparams) == (0.1, [3, 4], True, False)
    assert hparams.parse("rate=0.5,layers=7, fast=false,sizes=[5,6,7],name=other") is hparams
    assert hparams.values() == {"rate": 0.5, "layers": 7, "name": "other", "fast": False, "sizes": [5, 6, 7]}
    hparams.rate = 3
    hparams.add_hparam("late", None)
    hparams.del_hparam("name")
    assert str(hparams) == "rate=3,layers=7,fast=False,sizes=[5, 6, 7],late=None"
    assert repr(hparams).startswith("HParams([('fast', False), ('late', None)")


def test_json_and_messages_hold_them(hparams):
    assert hparams.to_json(sort_keys=True) == '{"fast": true, "layers": 2, "name": "net", "rate": 0.1, "sizes": [3, 4]}'
    assert hparams.parse_json('{"rate": 2}').rate == 2.0
    again = tf.contrib.training.HParams(hparam_def=hparams.to_proto())
    assert again.values() == hparams.values()


@pytest.mark.parametrize(
    "text, words",
    [
        ("layers=1.5", "Could not parse hparam 'layers' of type 'int' with value '1.5' in layers=1.5"),
        ("layers=[1,2]", "Must not pass a list for single-valued parameter: layers"),
        ("sizes=1", "Must pass a list for multi-valued parameter: sizes."),
        ("other=1", "Unknown hyperparameter type for other"),
        ("layers=1,layers=2", "Multiple assignments to variable 'layers' in layers=1,layers=2"),
        ("=1", "Malformed hyperparameter value: =1"),
    ],
)
def test_wrong_text_is_an_error(hparams, text, words):
    with pytest.raises(ValueError) as caught:
        hparams.parse(text)
    assert str(caught.value) == words


def test_elements_of_lists_are_parsed_by_index():
    parse = tf.contrib.training.parse_values
    assert parse("a[1]=3,a[0]=2,b=x", {"a": int, "b": str}) == {"a": {1: 3, 0: 2}, "b": "x"}
    assert parse("c=1,a=2", {"a": int}, ignore_unknown=True) == {"a": 2}


def test_wrong_type_is_an_error(hparams):
    with pytest.raises(ValueError, match="Could not cast hparam 'layers' of type '<class 'int'>' from value 1.5"):
        hparams.set_hparam("layers", 1.5)
    with pytest.raises(ValueError, match="Hyperparameter name is reserved: rate"):
        hparams.add_hparam("rate", 1)
    with pytest.raises(ValueError, match="is incompatible with default=x"):
        hparams.get("layers", "x")
    assert hparams.get("layers", 5) == 2 and hparams.get("none", 5) == 5

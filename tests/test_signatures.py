"""Public functions and methods take the arguments that TensorFlow 1.15's take, with the same defaults."""

from __future__ import annotations

import inspect

import pytest

from tests.tf115.symbols import Symbol, compare_signatures, explain_difference, read_symbols

# Differences meant to be there: symbol, and why.
ACCEPTED: dict[str, str] = {
    "DType#__init__": "dtypes are made here only",
    "dtypes.DType#__init__": "dtypes are made here only",
    "Operation#__init__": "operations are made by their graph only",
    "train.Coordinator#stop_on_exception": "TensorFlow's were read through a decorator that hides them",
    "train.Supervisor#managed_session": "TensorFlow's were read through a decorator that hides them",
}


def test_signatures_agree_with_tensorflow():
    import pyflow

    differences = dict(compare_signatures(pyflow))
    unexpected = [f"tf.{name}: {text}" for name, text in differences.items() if name not in ACCEPTED]
    assert not unexpected, "\n" + "\n".join(unexpected)
    assert not set(ACCEPTED) - set(differences), "accepted differences that are gone"


def relu(features, name=None): ...


def dropout(x, keep_prob=None, noise_shape=None, seed=None, name=None, rate=None): ...


@pytest.mark.parametrize("function", [relu, dropout])
def test_right_signature_passes(function):
    symbol = next(s for s in read_symbols() if s.name == f"nn.{function.__name__}")
    assert explain_difference(symbol, function) == ""


@pytest.mark.parametrize(
    "function",
    [
        lambda x, name=None: None,
        lambda features: None,
        lambda features, name: None,
        lambda features, name="relu": None,
        lambda features=None, name=None: None,
        lambda features, *, name=None, extra=0: None,
        lambda *args, **kwargs: None,
    ],
    ids=lambda function: str(inspect.signature(function)),
)
def test_wrong_signature_is_found(function):
    assert explain_difference(Symbol("nn.relu", "function", ("features", "name=None")), function)

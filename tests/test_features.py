"""FEATURES.md is what `make features` would write now."""

from __future__ import annotations

import types

import pytest

from tests.tf115 import make_features
from tests.tf115.symbols import read_symbols


def test_features_page_is_current():
    assert make_features.PAGE.read_text(encoding="utf-8") == make_features.make_page(), "run `make features`"


def test_symbol_that_goes_missing_shows():
    nn = types.SimpleNamespace(relu=lambda features, name=None: None)
    symbols = [s for s in read_symbols() if s.name in ("nn", "nn.relu", "nn.relu6")]
    assert len(symbols) == 3
    page = make_features.describe_symbols(symbols, types.SimpleNamespace(nn=nn))
    assert "| tf.nn | 1 | 2 | 50 % |" in page
    assert page[-3:] == ["There: relu.", "", "Missing: relu6."]
    del nn.relu
    assert "| tf.nn | 0 | 2 | 0 % |" in make_features.describe_symbols(symbols, types.SimpleNamespace(nn=nn))


@pytest.mark.parametrize("gradient, cell", [(lambda op, dy: dy, "✓"), ("no such", "none"), (None, "")])
def test_op_shows_what_it_can(gradient, cell):
    definition = types.SimpleNamespace(name="Relu", cpu=len, gpu=None, grad=gradient, __module__="pyflow.ops.nn")
    lines = make_features.describe_ops({"Relu": definition}, "no such")
    assert f"| Relu | ✓ |  | {cell} | ops.nn |" in lines

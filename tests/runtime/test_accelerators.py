"""What stands in for numpy, where it is found."""

from __future__ import annotations

import os

from pyflow.runtime.cpu import wasm


def test_no_webassembly_natively_or_where_it_is_forbidden(monkeypatch):
    monkeypatch.setattr(os.path, "exists", lambda path: True)
    assert wasm.find() is None or wasm.sys.platform == "emscripten"
    monkeypatch.setattr(wasm.sys, "platform", "emscripten")
    monkeypatch.setenv("PYFLOW_WASM", "0")
    assert wasm.find() is None

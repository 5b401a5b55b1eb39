"""Wave files and features of speech: as in TensorFlow."""

from __future__ import annotations

import pytest

from pyflow import as_tensorflow
from tests.contrib.test_image import check
from tests.golden_cases import Golden

GOLDEN = Golden("audio_cases", "audio.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name, monkeypatch):
    module = as_tensorflow._Internal
    audio_ops = module("tensorflow.contrib.framework.python.ops.audio_ops", "contrib.framework.python.ops.audio_ops")
    monkeypatch.setattr("importlib.import_module", _answering(audio_ops))
    check(GOLDEN.run(name), GOLDEN.expected[name])


def _answering(audio_ops):
    import importlib

    original = importlib.import_module
    return lambda name, package=None: audio_ops if name.endswith("audio_ops") else original(name, package)

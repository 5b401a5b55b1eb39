"""Models that TensorFlow 1.15 trained and saved go on training: its meta graphs have its own form of control flow."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import pyflow as tf
from tests.golden import resumed_cases

FOLDER = Path(resumed_cases.__file__).parent
KEPT = json.loads((FOLDER / "resumed.json").read_text())


@pytest.mark.parametrize("name", sorted(KEPT))
def test_the_next_losses_are_tensorflow_s(name, tmp_path):
    kept = KEPT[name]
    prefix = str(tmp_path / "model")
    with zipfile.ZipFile(FOLDER / "resumed.zip") as meta_graphs:
        Path(f"{prefix}.meta").write_bytes(meta_graphs.read(f"{name}.meta"))
    assert resumed_cases.resume(tf, prefix, kept["variables"]) == pytest.approx(kept["losses"], abs=1e-5)

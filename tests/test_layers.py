"""The layer rule of docs/architecture.md, as import-linter reads it from pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = "A layer imports only from layers below it"
PACKAGES = ["core", "ops", "runtime", "runtime/webgpu", "train"]

pytestmark = pytest.mark.native


def lint_imports(folder: Path) -> subprocess.CompletedProcess:
    """import-linter with our contracts on the `pyflow` package in that folder."""
    call = f"lint_imports(config_filename={str(ROOT / 'pyproject.toml')!r}, no_cache=True)"
    return subprocess.run(
        [sys.executable, "-c", f"from importlinter.cli import lint_imports; raise SystemExit({call})"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def toy_package(tmp_path):
    for package in ["", *PACKAGES]:
        folder = tmp_path / "pyflow" / package
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
    return tmp_path


def test_package_keeps_the_layer_rule():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_toy_package_that_keeps_the_rule_passes(toy_package):
    (toy_package / "pyflow/__init__.py").write_text("import pyflow.train\n")
    (toy_package / "pyflow/train/__init__.py").write_text("import pyflow.ops, pyflow.core\n")
    (toy_package / "pyflow/runtime/webgpu/native.py").write_text("import wgpu\n")
    result = lint_imports(toy_package)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "path, line, contract",
    [
        ("core/graph.py", "import pyflow.ops", LAYERS),
        ("core/graph.py", "def f():\n    from pyflow.runtime import session", LAYERS),
        ("runtime/__init__.py", "from pyflow import train", LAYERS),
        ("train/sgd.py", "import pyflow as tf", "No layer imports the finished package"),
        ("ops/math.py", "import wgpu", "Only runtime/webgpu knows wgpu and js"),
        ("unplaced.py", "", LAYERS),
    ],
)
def test_breach_is_found(toy_package, path, line, contract):
    (toy_package / "pyflow/runtime/session.py").touch()
    (toy_package / "pyflow" / path).write_text(line + "\n")
    result = lint_imports(toy_package)
    assert result.returncode != 0
    assert f"{contract} BROKEN" in result.stdout, result.stdout + result.stderr

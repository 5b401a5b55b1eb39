"""What holds for the files of this project as such: sizes, READMEs, what the package may not contain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(p for p in (ROOT / "pyflow").rglob("*.py") if not p.name.endswith("_pb2.py"))
TOP_FOLDERS = [p.name for p in sorted(ROOT.iterdir()) if p.is_dir() and not p.name.startswith(".")]
BUILT = {"build", "dist", "node_modules", "__pycache__"}
# READMEs that have a line for each of many things: every kernel, every chapter.
LONGER = {"shaders": 130, "examples": 30}


def count_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_module_is_short_enough_to_read():
    long = {str(p.relative_to(ROOT)): n for p in MODULES if (n := count_lines(p)) > 400}
    assert not long, f"more than 400 lines, so probably two modules: {long}"


def test_module_is_named_for_what_it_holds():
    vague = {"utils", "util", "helpers", "helper", "misc", "common"}
    assert not [str(p.relative_to(ROOT)) for p in MODULES if vague & {p.stem, p.parent.name}]


def test_oldest_protobuf_allowed_is_that_of_the_generated_modules():
    modules = (ROOT / "pyflow/protos").glob("*_pb2.py")
    version = re.compile(r"^# Protobuf Python Version: (\S+)$", re.M)
    generated = {version.findall(module.read_text(encoding="utf-8"))[0] for module in modules}
    oldest = re.findall(r'"protobuf>=([\d.]+),', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert generated == set(oldest)


@pytest.mark.parametrize("folder", [f for f in TOP_FOLDERS if f not in BUILT])
def test_top_folder_says_what_it_is(folder):
    assert 0 < count_lines(ROOT / folder / "README.md") <= LONGER.get(folder, 20)


@pytest.mark.parametrize("page, most", [("CONTRIBUTING.md", 45), ("AGENTS.md", 40)])
def test_page_for_contributors_is_short(page, most):
    assert count_lines(ROOT / page) <= most


def test_readme_starts_with_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.index("make demo") < readme.index("make test") < 200

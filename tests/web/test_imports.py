"""Modules from one file: found, loaded and listed as those of folders are."""

from __future__ import annotations

import importlib.util
import marshal
import pkgutil
import sys

import pytest

from web.python.playground import imports

SOURCES = {
    "pyflow": ("__init__.py", "X = 0\n"),
    "pyflow.things": ("things/__init__.py", ""),
    "pyflow.things.one": ("things/one.py", "NUMBER = 1\n\n\ndef fail():\n    raise RuntimeError\n"),
}


@pytest.fixture(params=["source", "code"])
def modules(request):
    def content(source, path):
        return source if request.param == "source" else marshal.dumps(compile(source, path, "exec"))

    entries = {}
    for name, (file, source) in SOURCES.items():
        path = f"/nowhere/pyflow/{file}"
        entries[name] = content(source, path), path, file.endswith("__init__.py")
    return imports.Modules(entries)


def test_modules_are_found_where_their_sources_would_be(modules):
    spec = modules.find_spec("pyflow.things", None)
    assert spec.origin == "/nowhere/pyflow/things/__init__.py" and spec.has_location
    assert spec.submodule_search_locations == ["/nowhere/pyflow/things"]
    assert modules.find_spec("pyflow.things.one", None).submodule_search_locations is None
    assert modules.find_spec("pyflow.things.two", None) is None


def test_a_module_runs_with_the_names_of_its_source(modules):
    module = importlib.util.module_from_spec(modules.find_spec("pyflow.things.one", None))
    modules.exec_module(module)
    assert module.NUMBER == 1 and module.__file__ == module.fail.__code__.co_filename
    assert modules.get_source("pyflow.things.one") is None


def test_folders_list_their_modules(modules, monkeypatch):
    monkeypatch.setattr(sys, "path_hooks", [modules.of_folder, *sys.path_hooks])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    listed = [(m.name, m.ispkg) for m in pkgutil.iter_modules(["/nowhere/pyflow"])]
    assert listed == [("things", True)]
    assert [m.name for m in pkgutil.iter_modules(["/nowhere/pyflow/things"], "x.")] == ["x.one"]
    with pytest.raises(ImportError):
        modules.of_folder("/nowhere")


def test_a_text_has_modules_and_files():
    text = "\0pyflow/__init__.py\nX = 0\n\0pyflow/a/b.py\n\0playground/examples/c.py\npass\n"
    modules, files = imports.entries(text, "/site")
    assert modules == {
        "pyflow": ("X = 0\n", "/site/pyflow/__init__.py", True),
        "pyflow.a.b": ("", "/site/pyflow/a/b.py", False),
    }
    assert files == {"/site/playground/examples/c.py": "pass\n"}

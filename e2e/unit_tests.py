"""Runs unit tests that pack_tests.py has packed: a program of the playground."""

import sys
import zipfile

FOLDER = "/units"
PARTS: list[str] = []  # units.spec.ts puts the files here
EXCLUDED = {
    "tests/ops/test_messages.py::test_as_in_tensorflow[print": "looks at file descriptors; the page shows sys.stderr",
    "tests/ops/test_script.py::test_a_graph_keeps_its_functions": "the page keeps the last session's graph, to draw it",
}
zipfile.ZipFile("/files/tests.zip").extractall(FOLDER)
sys.path[:0] = [FOLDER, f"{FOLDER}/site"]
sys.dont_write_bytecode = True

import PIL  # noqa: E402, F401  (has the page load it: some tests decode images)
import pytest  # noqa: E402

# faulthandler wants a file descriptor to write to; the cache is of no use there
ALWAYS = ["-q", "-p", "no:faulthandler", "-p", "no:cacheprovider", "-m", "not native", f"--rootdir={FOLDER}"]
LEFT_OUT = [word for test in EXCLUDED for word in ("--deselect", test)]
code = pytest.main([*ALWAYS, *LEFT_OUT, *(f"{FOLDER}/{part}" for part in PARTS)])
print("pytest's exit code:", int(code))

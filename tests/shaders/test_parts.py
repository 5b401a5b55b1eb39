"""What several shaders need stands in shaders/parts and shaders/common, once."""

import itertools

import pytest

from pyflow.runtime.webgpu import shaders

PARTS = sorted((shaders.FOLDER / "parts").glob("*.wgsl"))
MOST_LINES = 15  # that may be the same in two files


def longest_in_both(first, second):
    """The number of lines of the longest stretch that two lists have in common."""
    longest, before = 0, {}
    places = {}
    for j, line in enumerate(second):
        places.setdefault(line, []).append(j)
    for line in first:
        before = {j: before.get(j - 1, 0) + 1 for j in places.get(line, ())}
        longest = max([longest, *before.values()])
    return longest


def test_no_two_files_share_more_than_a_few_lines():
    files = sorted(shaders.FOLDER.rglob("*.wgsl"))
    lines = {file: [line.strip() for line in file.read_text().splitlines() if line.strip()] for file in files}
    pairs = itertools.combinations(files, 2)
    assert not [(a.name, b.name) for a, b in pairs if longest_in_both(lines[a], lines[b]) > MOST_LINES]


@pytest.mark.parametrize("part", PARTS, ids=lambda path: path.stem)
def test_a_part_is_included(part):
    line = f"// include parts/{part.name}\n"
    assert any(line in file.read_text() for file in shaders.FOLDER.rglob("*.wgsl"))


def test_a_part_that_is_named_twice_is_there_once():
    assert shaders.text("conv/filter_shared.wgsl").count("var<workgroup> tile_a") == 1
    assert "// include" not in shaders.text("conv/filter_shared.wgsl")

"""tf.compat and tf.resource_loader."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from pyflow.platform import compat, resource_loader


@pytest.mark.parametrize(
    "function, value, expected",
    [
        (compat.as_bytes, "é", b"\xc3\xa9"),
        (compat.as_bytes, b"a", b"a"),
        (compat.as_bytes, bytearray(b"a"), b"a"),
        (compat.as_text, b"\xc3\xa9", "é"),
        (compat.as_str, "a", "a"),
        (compat.as_str_any, b"a", "a"),
        (compat.as_str_any, 3, "3"),
        (compat.path_to_str, pathlib.PurePosixPath("a//b"), "a/b"),
        (compat.path_to_str, b"a", b"a"),
    ],
)
def test_conversion(function, value, expected):
    assert function(value) == expected


@pytest.mark.parametrize("function", [compat.as_bytes, compat.as_text])
def test_what_is_not_text_is_refused(function):
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        function(3)


def test_number_types_include_numpys():
    assert isinstance(np.int64(1), compat.integral_types) and not isinstance(1.5, compat.integral_types)
    assert isinstance(np.float32(1), compat.real_types) and not isinstance(1j, compat.real_types)
    assert isinstance(np.complex64(1), compat.complex_types)
    assert isinstance(b"", compat.bytes_or_text_types) and isinstance("", compat.bytes_or_text_types)


def test_forward_compatibility(monkeypatch):
    assert compat.forward_compatible(2019, 8, 20) and not compat.forward_compatible(2019, 8, 21)
    with compat.forward_compatibility_horizon(2020, 1, 2):
        assert compat.forward_compatible(2020, 1, 1)
    assert not compat.forward_compatible(2020, 1, 1)
    monkeypatch.setenv("TF_FORWARD_COMPATIBILITY_DELTA_DAYS", "10")
    assert compat.forward_compatible(2019, 8, 30) and not compat.forward_compatible(2019, 8, 31)


def test_files_beside_the_code():
    here = pathlib.Path(__file__).parent
    assert resource_loader.get_data_files_path() == str(here)
    assert resource_loader.get_root_dir_with_all_resources() == str(here)
    assert resource_loader.get_path_to_datafile("x.txt") == str(here / "x.txt")
    assert resource_loader.readahead_file_path("p", "1M") == "p"
    assert resource_loader.load_resource("platform/resource_loader.py").startswith(b'"""tf.resource_loader')
    with pytest.raises(OSError):
        resource_loader.load_resource("no/such/file")

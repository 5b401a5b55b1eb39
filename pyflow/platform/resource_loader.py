"""tf.resource_loader: files that lie beside the code."""

from __future__ import annotations

import os
import sys

from pyflow.core.api import export

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _folder_of_caller() -> str:
    return os.path.dirname(sys._getframe(2).f_code.co_filename)


@export("resource_loader.load_resource")
def load_resource(path: str) -> bytes:
    """The bytes of a file given relative to the package; OSError when it cannot be read."""
    with open(os.path.join(_PACKAGE, path), "rb") as file:
        return file.read()


@export("resource_loader.get_data_files_path")
def get_data_files_path() -> str:
    """The folder of the calling file."""
    return _folder_of_caller()


@export("resource_loader.get_root_dir_with_all_resources")
def get_root_dir_with_all_resources() -> str:
    """The folder of the calling file (TF looks for Bazel's runfiles first; there are none here)."""
    return _folder_of_caller()


@export("resource_loader.get_path_to_datafile")
def get_path_to_datafile(path: str) -> str:
    """`path`, relative to the folder of the calling file."""
    return os.path.join(_folder_of_caller(), path)


@export("resource_loader.readahead_file_path")
def readahead_file_path(path: str, readahead: str = "128M") -> str:
    """`path` itself: nothing is read ahead."""
    del readahead
    return path

"""Libraries of native code, as programs load their own ops from them: there are none that PyFlow could use."""

from __future__ import annotations

import os
from typing import Any

from pyflow.core.api import export
from pyflow.core.errors import NotFoundError


def _refuse(function: str, filename: str) -> Any:
    if not os.path.exists(filename):
        message = f"{filename}: cannot open shared object file: No such file or directory"
        raise NotFoundError(None, None, message)
    raise NotImplementedError(f"{function}: {filename} is native code for TensorFlow; docs/adding-an-op.md shows how")


@export("load_op_library")
def load_op_library(library_filename: str) -> Any:
    """Raises NotFoundError when there is no such file, otherwise NotImplementedError: PyFlow's ops are Python."""
    return _refuse("load_op_library", library_filename)


@export("load_file_system_library")
def load_file_system_library(library_filename: str) -> Any:
    """Raises NotFoundError when there is no such file, otherwise NotImplementedError."""
    return _refuse("load_file_system_library", library_filename)


@export("load_library")
def load_library(library_location: str) -> Any:
    """Raises OSError when there is no such file or folder, NotImplementedError when there are libraries in it."""
    if not os.path.exists(library_location):
        raise OSError(2, "The file or folder to load kernel libraries from does not exist.", library_location)
    if os.path.isdir(library_location) and not any(f.endswith(".so") for f in os.listdir(library_location)):
        return None
    return _refuse("load_library", library_location)


def _flags(kind: str) -> list[str]:
    raise NotImplementedError(f"sysconfig.{kind}: PyFlow has no native library to compile against")


@export("sysconfig.get_include")
def get_include() -> str:
    """Raises NotImplementedError: there are no headers."""
    return _flags("get_include")[0]


@export("sysconfig.get_lib")
def get_lib() -> str:
    """The folder that PyFlow is installed in."""
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@export("sysconfig.get_compile_flags")
def get_compile_flags() -> list[str]:
    """Raises NotImplementedError: there is nothing to compile against."""
    return _flags("get_compile_flags")


@export("sysconfig.get_link_flags")
def get_link_flags() -> list[str]:
    """Raises NotImplementedError: there is nothing to link with."""
    return _flags("get_link_flags")

"""Which version of TensorFlow's API and of its graphs this is."""

from __future__ import annotations

from pyflow.core.api import export

VERSION = "1.15.0"
GIT_VERSION = "pyflow"
COMPILER_VERSION = "python"
CXX11_ABI_FLAG = 0
MONOLITHIC_BUILD = 0
# Of GraphDef: what graphs written here are, and the oldest that is read.
GRAPH_DEF_VERSION = 134
GRAPH_DEF_VERSION_MIN_CONSUMER = 0
GRAPH_DEF_VERSION_MIN_PRODUCER = 0

for _name in ("VERSION", "GIT_VERSION", "COMPILER_VERSION", "GRAPH_DEF_VERSION", "GRAPH_DEF_VERSION_MIN_CONSUMER",
              "GRAPH_DEF_VERSION_MIN_PRODUCER"):  # fmt: skip
    export(_name, f"version.{_name}")(globals()[_name])
for _name in ("CXX11_ABI_FLAG", "MONOLITHIC_BUILD"):
    export(_name, f"sysconfig.{_name}")(globals()[_name])

export("__git_version__")(GIT_VERSION)
export("__compiler_version__")(COMPILER_VERSION)
export("__cxx11_abi_flag__")(CXX11_ABI_FLAG)
export("__monolithic_build__")(MONOLITHIC_BUILD)

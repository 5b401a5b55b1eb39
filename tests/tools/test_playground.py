"""`pyflow playground` serves a built site, with the headers that the site asks for."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from email.message import Message

import pytest

from pyflow.cli import main
from pyflow.tools.playground import server

pytestmark = pytest.mark.native
HEADERS = {"Cross-Origin-Opener-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'"}


@pytest.fixture
def address(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>the page")
    (tmp_path / "headers.json").write_text(json.dumps(HEADERS))
    for name in ("a.wasm", "b.mjs", "c.whl", "assets/d-123.js"):
        (tmp_path / name).write_bytes(b"x")
    with server(str(tmp_path), "localhost", 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://localhost:{running.server_address[1]}/"
        running.shutdown()
        thread.join()


def headers_of(url: str) -> Message:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.headers


def test_every_file_comes_with_the_headers_of_the_site_and_its_type(address):
    types = {"": "text/html", "a.wasm": "application/wasm", "b.mjs": "text/javascript", "c.whl": "application/zip"}
    for name, content_type in types.items():
        headers = headers_of(address + name)
        assert headers["Content-Type"] == content_type
        assert {name: headers[name] for name in HEADERS} == HEADERS
        assert headers["Cache-Control"] == "no-cache"
    assert "immutable" in headers_of(address + "assets/d-123.js")["Cache-Control"]


def test_what_the_build_has_packed_is_sent_so_to_those_who_take_it(address, tmp_path):
    (tmp_path / "assets" / "d-123.js.br").write_bytes(b"packed")
    for accepted, sent, encoding in [("gzip, br;q=0.9", b"packed", "br"), ("gzip", b"x", None), ("zbr", b"x", None)]:
        request = urllib.request.Request(address + "assets/d-123.js", headers={"Accept-Encoding": accepted})
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.read() == sent
            assert response.headers["Content-Encoding"] == encoding
            assert response.headers["Content-Type"] == "text/javascript"
            assert "immutable" in response.headers["Cache-Control"]


def test_what_is_no_file_of_the_site_is_not_found(address):
    for name in ("assets/", "../setup.py", "none"):
        with pytest.raises(urllib.error.HTTPError, match="404") as error:
            urllib.request.urlopen(address + name, timeout=10)
        error.value.close()


def test_without_a_built_site_it_says_how_to_build_one(tmp_path, capsys):
    assert main(["playground", "--site", str(tmp_path)]) == 1
    assert "make web" in capsys.readouterr().err


def test_a_tab_that_was_closed_is_no_error_of_the_server(tmp_path, capsys):
    with server(str(tmp_path), "localhost", 0) as running:
        for error in (BrokenPipeError(), ConnectionResetError(), ValueError("broken")):
            try:
                raise error
            except Exception:
                running.handle_error(None, ("localhost", 1))
    assert "ValueError: broken" in (told := capsys.readouterr().err)
    assert "Error: " not in told.replace("ValueError: broken", "") and "Reset" not in told

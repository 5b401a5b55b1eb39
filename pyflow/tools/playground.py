"""`pyflow playground`: serves the site with the headers that Python in a tab needs."""

from __future__ import annotations

import functools
import http.server
import json
import os
import posixpath
import sys
from typing import Any

_TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm", ".whl": "application/zip"}


def find_site(folder: str | None) -> str:
    """The folder of the site: the one given, or where `make web` builds it.

    Raises:
      ValueError: it isn't there.
    """
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    site = os.path.abspath(folder or os.path.join(root, "web", "dist"))
    if not os.path.isfile(os.path.join(site, "index.html")):
        raise ValueError(f"{site} has no index.html: build the site with `make web`, or name its folder with --site")
    return site


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder and nothing else, with the headers that its headers.json lists."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, **_TYPES}
    protocol_version = "HTTP/1.1"
    server_version = "PyFlow"
    sys_version = ""
    _encoding = ""  # of the file that is being sent

    def __init__(self, *args: Any, headers: dict[str, str], **options: Any):
        self._own = headers
        super().__init__(*args, **options)

    def translate_path(self, path: str) -> str:
        file = super().translate_path(path)
        accepted = [name.partition(";")[0].strip() for name in self.headers.get("Accept-Encoding", "").split(",")]
        self._encoding = "br" if "br" in accepted and os.path.isfile(f"{file}.br") else ""
        return f"{file}.br" if self._encoding else file

    def guess_type(self, path: Any) -> str:
        return super().guess_type(os.fspath(path).removesuffix(".br"))

    def end_headers(self) -> None:
        if self._encoding:
            self.send_header("Content-Encoding", self._encoding)
            self.send_header("Vary", "Accept-Encoding")
        for name, value in self._own.items():
            self.send_header(name, value)
        # Names with a hash in them never change what they mean; of the others the browser asks whether they have.
        hashed = posixpath.dirname(self.path).endswith("/assets")
        self.send_header("Cache-Control", "public, max-age=31536000, immutable" if hashed else "no-cache")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a page is a hundred requests."""


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a tab that was closed is no error
            super().handle_error(request, client_address)


def server(site: str, host: str, port: int) -> Server:
    """A server of the site; port 0 takes a free one.

    Raises:
      OSError: the port is in use.
    """
    try:
        with open(os.path.join(site, "headers.json"), encoding="utf-8") as file:
            headers = json.load(file)
    except FileNotFoundError:
        headers = {}
    handler = functools.partial(Handler, directory=site, headers=headers)
    return Server((host, port), handler)


def serve(folder: str | None, host: str, port: int) -> None:
    """Serves until interrupted."""
    with server(find_site(folder), host, port) as running:
        print(f"PyFlow's playground: http://{host}:{running.server_address[1]}/ (Ctrl+C ends it)", flush=True)
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            print()

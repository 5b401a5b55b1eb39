"""Every shader is valid WGSL for both of its compilers: naga, which wgpu has, and Tint, which Chromium has."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import subprocess
import threading

import pytest

from pyflow.runtime.webgpu import native, shaders

pytestmark = pytest.mark.native

FILES = sorted(str(path.relative_to(shaders.FOLDER)) for path in shaders.FOLDER.rglob("*.wgsl"))
FILES = [file for file in FILES if not file.startswith("parts/")]  # those are compiled where they are included
# Functions get what they call beside them, and something that calls none of them.
MAIN = "\n@compute @workgroup_size(1)\nfn main() {}\n"

PAGE = """<script>
(async () => {
    const found = {};
    try {
        const adapter = await navigator.gpu.requestAdapter();
        const requiredFeatures = ["subgroups"].filter((name) => adapter.features.has(name));
        const device = await adapter.requestDevice({ requiredFeatures });
        for (const [name, code] of Object.entries(%s)) {
            const info = await device.createShaderModule({ code }).getCompilationInfo();
            const wrong = info.messages.filter((m) => m.type === "error");
            if (wrong.length) found[name] = wrong.map((m) => `${m.message} in: ${code.split("\\n")[m.lineNum - 1]}`);
        }
    } catch (error) {
        found["the browser"] = String(error);
    }
    await fetch("/", { method: "POST", body: JSON.stringify(found) });
})();
</script>"""


def source(file):
    text = shaders.specialised(file, {}, {}, {})
    return text + MAIN if file.startswith("common/") else text


@pytest.mark.parametrize("file", FILES)
def test_naga(file, adapter):
    adapter.device.create_shader_module(code=native.for_naga(source(file)))


def browser():
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for found in map(shutil.which, names) if found), None)


@pytest.mark.skipif(browser() is None, reason="Tint is tested where there is a Chromium")
def test_tint(tmp_path):
    answers, answered = [], threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write((PAGE % json.dumps({f: source(f) for f in FILES})).encode())

        def do_POST(self):
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            answered.set()

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flags = "--headless=new --no-sandbox --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader".split()
        flags += ["--enable-features=Vulkan", "--ignore-gpu-blocklist", "--no-first-run", f"--user-data-dir={tmp_path}"]
        process = subprocess.Popen(
            [str(browser()), *flags, f"http://localhost:{server.server_port}/"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            assert answered.wait(120), "the browser did not answer"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            server.shutdown()
    assert answers == [{}]

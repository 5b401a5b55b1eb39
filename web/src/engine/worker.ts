// Owns Pyodide: starts it, and does one request after another. Python tells of what happens meanwhile by `tell`.
import type { PyodideAPI } from "pyodide";
import type { Events, Reply, Request, Sources } from "./messages";
import { SecondThread } from "./second-thread";
import { whole } from "./text-parts";
import { Adapter } from "./webgpu";

type Answer = ((name: string, args: string) => string) & {
  callPromising?: (name: string, args: string) => Promise<string>;
};

const post = (reply: Reply, transfer: Transferable[] = []) => self.postMessage(reply, { transfer });
const tell = (name: keyof Events, payload: unknown) => {
  if (name === "output") waitForPage();
  post({ kind: "event", name, payload });
};

const MOST_AHEAD = 4;
let shown: Int32Array | null = null; // the page counts what it has shown, second in the buffer for interrupts
let sent = 0;

/** A program that prints faster than the page shows it waits, so that the page is not behind when it is stopped. */
function waitForPage(): void {
  sent++;
  if (!shown) return;
  const count = Atomics.load(shown, 1);
  if (sent - count > MOST_AHEAD) Atomics.wait(shown, 1, count, 500);
}

let base = "";
let python: Promise<{ pyodide: PyodideAPI; answer: Answer }>;
let give: (sources: Sources) => void;
const sources = new Promise<Sources>((resolve) => {
  give = resolve;
});

async function start(interrupt: SharedArrayBuffer | null): Promise<{ pyodide: PyodideAPI; answer: Answer }> {
  tell("progress", "Loading Python");
  const { loadPyodide } = await import(/* @vite-ignore */ `${base}pyodide/pyodide.mjs`);
  const pyodide: PyodideAPI = await loadPyodide({
    indexURL: `${base}pyodide/`,
    packages: ["playground"], // with what it needs: fetched while Python itself starts
    env: { HOME: "/home/pyodide" },
  });
  const memory = () => (pyodide as unknown as { _module: { HEAPU8: Uint8Array<ArrayBuffer> } })._module.HEAPU8;
  const adapter = await Adapter.find(memory).catch(() => null);
  if (adapter) pyodide.registerJsModule("pyflow_webgpu", { adapter });
  const threads = self.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  if (threads > 1) pyodide.registerJsModule("pyflow_second_thread", { thread: new SecondThread(memory) });
  tell("progress", "Starting PyFlow");
  const { first, rest } = await sources;
  pyodide.pyimport("playground.imports").install(first, () => whole(rest));
  const playground = pyodide.pyimport("playground");
  playground.connect((name: keyof Events, payload: string) => tell(name, JSON.parse(payload)));
  const answer: Answer = playground.answer;
  answer("programs.version", "[]");
  if (interrupt) pyodide.setInterruptBuffer(new Int32Array(interrupt));
  tell("progress", null);
  return { pyodide, answer };
}

/** A file of the site, at once: for Python that needs it in the middle of a call. */
function fetchNow(path: string): Uint8Array {
  const request = new XMLHttpRequest();
  request.open("GET", base + path, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${path}: ${request.status}`);
  return new Uint8Array(request.response);
}
Object.assign(self, { fetchNow });

/** What Python says of a call that it cannot do. */
class Refusal extends Error {}

async function handle(request: Exclude<Request, { kind: "start" | "sources" }>): Promise<void> {
  try {
    const { pyodide, answer } = await python;
    if (request.kind === "call") {
      // Where WebAssembly can be suspended, Python may wait for the GPU in the middle of a call.
      const canWait = "Suspending" in WebAssembly && answer.callPromising;
      const args = JSON.stringify(request.args);
      const text = canWait ? await answer.callPromising?.(request.name, args) : answer(request.name, args);
      const { value, error } = JSON.parse(text ?? "");
      if (error !== undefined) throw new Refusal(error);
      post({ kind: "answer", id: request.id, value });
    } else if (request.kind === "load") {
      const needsPictures = /\btf\.image\b|\bPIL\b/.test(request.source) ? "\nimport PIL" : "";
      await pyodide.loadPackagesFromImports(request.source + needsPictures, { messageCallback: () => {} });
      post({ kind: "answer", id: request.id, value: null });
    } else if (request.kind === "put") {
      pyodide.FS.mkdirTree(request.path.slice(0, request.path.lastIndexOf("/")));
      pyodide.FS.writeFile(request.path, request.bytes);
      post({ kind: "answer", id: request.id, value: null });
    } else {
      const bytes: Uint8Array<ArrayBuffer> = pyodide.FS.readFile(request.path);
      post({ kind: "answer", id: request.id, value: bytes }, [bytes.buffer]);
    }
  } catch (error) {
    const isOfFiles = (error as { name?: string }).name === "ErrnoError";
    const known = isOfFiles ? new Error("a file or folder is in the way, or gone") : new Error(String(error));
    const { name, message } = error instanceof Error && !isOfFiles ? error : known;
    // Whatever else comes out of a call is the end of this Python, as when the stack or the memory is full.
    const fatal = request.kind === "call" && !(error instanceof Refusal) && name !== "PythonError";
    post({ kind: "refusal", id: request.id, message: name === "SyntaxError" ? "out of memory" : message, fatal });
  }
}

let last: Promise<void> = Promise.resolve();

self.onmessage = ({ data: request }: MessageEvent<Request>) => {
  if (request.kind === "start") {
    base = request.base;
    shown = request.interrupt && new Int32Array(request.interrupt);
    python = start(request.interrupt);
    python.catch((error) => tell("failed", String(error?.message ?? error)));
  } else if (request.kind === "sources") {
    give(request.sources);
  } else {
    last = last.then(() => handle(request));
  }
};

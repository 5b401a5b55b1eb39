// Keeps the site, so that the second visit needs no network; and on hosts that send no headers, adds those that Python
// needs to be interruptible. A new build changes this file (see vite.config.ts), and so replaces what is kept.
/// <reference lib="webworker" />
import headers from "../headers.json";

declare const self: ServiceWorkerGlobalScope;
type Lock = { files: Record<string, { size: number; sha256: string }> };

const PREFIX = "pyflow-site-";
const root = new URL("./", self.location.href).href;
// What few visitors need is kept when first used.
const LATER =
  /matplotlib|fonttools|pillow|contourpy|kiwisolver|pyparsing|dateutil|pytz|cycler|packaging|six-|mnist\.xz/;

async function lock(): Promise<{ name: string; files: Lock["files"] }> {
  const response = await fetch(`${root}site-lock.json`, { cache: "no-store" });
  const text = await response.clone().text();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const id = [...new Uint8Array(digest).subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { name: PREFIX + id, files: (JSON.parse(text) as Lock).files };
}

/** A file as the lock file has it: the browser checks the sum. */
function fetchChecked(name: string, sha256: string): Promise<Response> {
  const bytes = (sha256.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  return fetch(root + name, { integrity: `sha256-${btoa(String.fromCharCode(...bytes))}`, cache: "no-cache" });
}

async function fill(): Promise<void> {
  const { name, files } = await lock();
  const cache = await caches.open(name);
  const wanted = Object.entries(files).filter(([file]) => !LATER.test(file));
  for (const [file, { sha256 }] of wanted) {
    const key = root + (file === "index.html" ? "" : file);
    if (!(await cache.match(key))) await cache.put(key, await fetchChecked(file, sha256));
  }
  for (const other of await caches.keys()) {
    if (other.startsWith(PREFIX) && other !== name) await caches.delete(other);
  }
}

function isolated(response: Response): Response {
  if (response.status === 0 || !response.body) return response;
  const all = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers: all });
}

async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const key = url.href.replace(/[?#].*$/, "").replace(/\/index\.html$/, "/");
  const kept = await caches.match(key);
  if (kept) return isolated(kept);
  const response = await fetch(request);
  if (response.ok && LATER.test(key)) {
    const [name] = (await caches.keys()).filter((other) => other.startsWith(PREFIX));
    if (name) await (await caches.open(name)).put(key, response.clone());
  }
  return isolated(response);
}

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(root) && !request.url.endsWith("/site-lock.json")) {
    event.respondWith(answer(request));
  }
});

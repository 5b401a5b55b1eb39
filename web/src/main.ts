// Puts the page together: head, the three pages by the hash of the address, Python in its worker, dropped files.
import { h } from "./dom";
import { Engine, EngineError, STOPPED } from "./engine/engine";
import type { Device } from "./engine/messages";
import { MOST_FILES } from "./files/panel";
import { MnistGuide } from "./guides/mnist";
import { SineGuide } from "./guides/sine";
import { Playground } from "./playground/page";
import { FileStore, keep, kept } from "./state";
import { ownScript } from "./trusted";

const PAGES = { "#/": "Playground", "#/mnist": "MNIST", "#/sine": "Sine RNN" };

const store = new FileStore();
const engine = new Engine(() => store.all());
const state = h("span", { class: "engine", role: "status" }, "Loading Python");
const devices = h("select", { "aria-label": "Device" }, h("option", {}, "CPU"));
const device = () => devices.value;
let known: Device[] = [];
const playground = new Playground(engine, store, device);
const pages: Record<string, { element: HTMLElement; leave?: () => void; recolour: () => void }> = {
  "#/": playground,
  "#/mnist": new MnistGuide(engine, device, (paths) => playground.files.refresh(paths)),
  "#/sine": new SineGuide(engine, device),
};
const links = Object.entries(PAGES).map(([hash, title]) => h("a", { href: hash }, title));
const banner = h("p", { class: "banner", role: "status", hidden: true });
const outlet = h("div", { class: "outlet" });

function showPage(): void {
  const hash = location.hash in pages ? location.hash : "#/";
  if (outlet.firstElementChild === pages[hash]?.element) return;
  for (const page of Object.values(pages)) page.leave?.();
  outlet.replaceChildren(pages[hash]?.element ?? "");
  links.forEach((link) => {
    if (link.getAttribute("href") === hash) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  document.title = `${PAGES[hash as keyof typeof PAGES]} · PyFlow`;
}

function showDevices(found: Device[]): void {
  const before = kept<string>("device", "");
  devices.replaceChildren(
    ...found.map(({ type, name }) => {
      const text = type === "GPU" ? `GPU: ${name}` : name;
      return h("option", { value: name, selected: name === before }, text);
    }),
  );
  known = found;
  warnOfDevice();
}

function warnOfDevice(): void {
  const chosen = known.find(({ name }) => name === devices.value);
  if (chosen?.software) say(`${chosen.name} is no GPU but a program that imitates one: the CPU is faster.`);
  else if (known.some(({ type }) => type === "GPU")) say("");
  else if (!("gpu" in navigator)) say("This browser has no WebGPU: programs run on the CPU.");
  else if (!("Suspending" in WebAssembly))
    say("In this browser Python cannot wait for the GPU (JSPI): programs run on the CPU.");
  else say("This browser offers no GPU: programs run on the CPU.");
}

function say(text: string): void {
  banner.textContent = text;
  banner.hidden = !text;
}

function setTheme(theme: string): void {
  document.documentElement.dataset.theme = theme;
  keep("theme", theme);
  for (const page of Object.values(pages)) page.recolour();
}

function acceptDrops(): void {
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return; // text of the editor, for one
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener(
    "dragleave",
    (event) => event.relatedTarget === null && document.body.classList.remove("dropping"),
  );
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.remove("dropping");
    const dropped = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
    void filesIn(dropped.filter((entry) => entry !== null)).then((found) => {
      location.hash = "#/";
      return playground.addFiles(
        found.map(([, file]) => file),
        found.map(([path]) => path),
      );
    });
  });
}

/** The files of dropped files and folders, with their paths; a picture of another page comes without an entry. */
async function filesIn(dropped: (FileSystemEntry | File)[]): Promise<[string, File][]> {
  const found: [string, File][] = dropped.filter((each) => each instanceof File).map((file) => [file.name, file]);
  const waiting = dropped.filter((each): each is FileSystemEntry => !(each instanceof File));
  for (let entry = waiting.shift(); entry && found.length <= MOST_FILES; entry = waiting.shift()) {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push([entry.fullPath.slice(1), file]);
      continue;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    const read = () => new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    for (let part = await read(); part.length; part = await read()) waiting.push(...part);
  }
  return found;
}

const KEEPING_AFTER_MS = 2000; // that Python is ready: the first program is not to share the machine with it
let isKept = false;

/** The service worker keeps the site for offline visits; where it had to add the headers, one reload puts them to use. */
async function keepSite(): Promise<void> {
  if (isKept || !("serviceWorker" in navigator) || import.meta.env.DEV) return;
  isKept = true;
  await navigator.serviceWorker.register(ownScript("sw.js"));
  const registration = await navigator.serviceWorker.ready;
  document.documentElement.dataset.offline = "ready";
  if (!crossOriginIsolated && registration.active && !sessionStorage.getItem("reloaded")) {
    sessionStorage.setItem("reloaded", "once");
    location.reload();
  }
}

const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.theme = kept("theme", preferred);
document.body.append(
  h(
    "a",
    {
      href: "#main",
      class: "skip",
      onclick: (event: Event) => {
        event.preventDefault();
        outlet.querySelector<HTMLElement>("button")?.focus();
      },
    },
    "Skip to the page",
  ),
  h(
    "header",
    {},
    h("span", { class: "brand" }, "PyFlow"),
    h("nav", { "aria-label": "Pages" }, ...links),
    h("span", { class: "space" }),
    state,
    devices,
    h(
      "button",
      {
        class: "icon",
        "aria-label": "Dark or light",
        onclick: () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
      },
      "◐",
    ),
  ),
  banner,
  outlet,
);
devices.addEventListener("change", () => {
  keep("device", devices.value);
  warnOfDevice();
});
engine.on("progress", (text) => {
  state.textContent = text ?? "Ready";
  state.classList.toggle("ready", text === null);
  if (text === null) {
    void playground.files.refresh();
    setTimeout(() => void keepSite(), KEEPING_AFTER_MS);
  }
});
engine.on("failed", (message) => {
  state.textContent = "Python could not be started";
  void keepSite();
  say(`Python could not be started: ${message}`);
});
engine.on("devices", showDevices);
addEventListener("hashchange", showPage);
addEventListener("unhandledrejection", (event) => {
  if (!(event.reason instanceof EngineError)) return;
  event.preventDefault();
  if (event.reason.message !== STOPPED) say(event.reason.message);
});
showPage();
acceptDrops();
engine.start();
if (!crossOriginIsolated) void keepSite(); // else it can wait for what the visitor waits for

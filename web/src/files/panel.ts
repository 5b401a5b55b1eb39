// The visitor's files: dropped or chosen, written by programs, looked into, taken away. They never leave the browser.
import { download, h } from "../dom";
import type { Engine } from "../engine/engine";
import type { FileStore } from "../state";
import { type Content, Inspector } from "./inspector";

const FOLDER = "/files/";
const LARGEST_DROP = 512 << 20; // of all files dropped together
export const MOST_FILES = 2000;

export class FilesPanel {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "file-list", "aria-label": "Files" });
  readonly #message = h("p", { class: "hint", role: "status" });
  readonly #inspector: Inspector;
  #inspected = "";

  constructor(
    private readonly engine: Engine,
    private readonly store: FileStore,
    actions: ConstructorParameters<typeof Inspector>[1],
  ) {
    this.#inspector = new Inspector(engine, actions);
    const choose = h("input", {
      type: "file",
      multiple: true,
      class: "hidden",
      id: "choose-files",
      "aria-label": "Choose files",
    });
    const folder = h("input", {
      type: "file",
      webkitdirectory: true,
      class: "hidden",
      "aria-label": "Choose a folder",
    });
    for (const input of [choose, folder])
      input.addEventListener("change", () => {
        void this.add([...(input.files ?? [])]);
        input.value = ""; // so that the same can be chosen again
      });
    this.element = h(
      "div",
      { class: "files" },
      h(
        "div",
        { class: "bar" },
        h("button", { onclick: () => choose.click() }, "Add files"),
        h("button", { onclick: () => folder.click() }, "Add a folder"),
        h("button", { onclick: () => void this.#takeAll() }, "Download all"),
        h("button", { onclick: () => void this.#clear() }, "Remove all"),
        choose,
        folder,
      ),
      this.#message,
      h("div", { class: "files-body" }, this.#list, this.#inspector.element),
    );
    this.#say("");
  }

  /** Puts files under /files; of folders, with the path inside. */
  async add(files: File[], paths = files.map((file) => file.webkitRelativePath || file.name)): Promise<void> {
    const total = files.reduce((sum, file) => sum + file.size, 0);
    if (total > LARGEST_DROP)
      return this.#say(`That is ${size(total)}; at most ${size(LARGEST_DROP)} can be added at a time.`);
    if (files.length > MOST_FILES) return this.#say(`At most ${MOST_FILES} files can be added at a time.`);
    this.#say(`Adding ${files.length} ${files.length === 1 ? "file" : "files"} …`);
    const troubles: string[] = [];
    for (const [i, file] of files.entries()) {
      const path = FOLDER + safe(paths[i] ?? file.name);
      try {
        const bytes = new Uint8Array(await file.arrayBuffer());
        await this.engine.put(path, bytes);
        if (!(await this.store.put(path, bytes))) troubles.push(notKept(path));
      } catch (error) {
        troubles.push(`${path} could not be added: ${(error as Error).message}`);
      }
    }
    await this.refresh();
    if (troubles.length) this.#say(troubles.slice(0, 5).join(" "));
    const first = paths[0];
    if (first !== undefined) await this.#inspect(FOLDER + safe(inspectable(first, paths)));
  }

  /** Lists what is there, and keeps what a program has written. */
  async refresh(written: string[] = []): Promise<void> {
    const troubles: string[] = [];
    for (const path of written) {
      const bytes = await this.engine.take(path).catch(() => null);
      if (bytes && !(await this.store.put(path, bytes))) troubles.push(notKept(path));
    }
    const found = await this.engine.call<[string, number][]>("files.tree");
    this.#list.replaceChildren(...found.map(([path, bytes]) => this.#item(path, bytes)));
    this.#say(troubles.slice(0, 5).join(" "));
  }

  #say(text: string): void {
    const empty =
      "Drop files anywhere: checkpoints, graphs, SavedModels, TFRecords, event files, images, CSV. They stay in this browser; programs find them under /files.";
    this.#message.textContent = text || (this.#list.childElementCount ? "" : empty);
  }

  #item(path: string, bytes: number): HTMLElement {
    const name = path.slice(FOLDER.length);
    return h(
      "li",
      {},
      h(
        "button",
        { class: "file", onclick: () => void this.#inspect(path) },
        h("span", {}, name),
        h("small", {}, size(bytes)),
      ),
      h("button", { class: "icon", "aria-label": `Download ${name}`, onclick: () => void this.#take(path) }, "↓"),
      h("button", { class: "icon", "aria-label": `Remove ${name}`, onclick: () => void this.#remove(path) }, "×"),
    );
  }

  async #inspect(path: string): Promise<void> {
    this.#inspected = path;
    this.#inspector.wait(path);
    try {
      const content = await this.engine.call<Content>("contents.inspect", path);
      if (this.#inspected === path) await this.#inspector.show(path, content);
    } catch (error) {
      if (this.#inspected === path) this.#inspector.refuse(path, (error as Error).message);
    }
  }

  async #take(path: string): Promise<void> {
    download(path.slice(path.lastIndexOf("/") + 1), await this.engine.take(path));
  }

  async #takeAll(): Promise<void> {
    const found = await this.engine.call<[string, number][]>("files.tree");
    if (!found.length) return this.#say("");
    const zip = await this.engine.call<string>(
      "files.pack",
      found.map(([path]) => path),
    );
    download("files.zip", await this.engine.take(zip), "application/zip");
  }

  async #remove(path: string): Promise<void> {
    await this.engine.call("files.remove", path);
    await this.store.remove(path);
    if (this.#inspected === path) this.#inspector.clear();
    await this.refresh();
  }

  async #clear(): Promise<void> {
    for (const path of (await this.store.all()).keys()) await this.store.remove(path);
    await this.engine.call("files.clear");
    this.#inspector.clear();
    await this.refresh();
  }
}

const notKept = (path: string) => `${path} is too large to be kept for your next visit.`;

/** A path that stays below its folder. */
function safe(path: string): string {
  const parts = path.split(/[\\/]+/).filter((part) => part && part !== "." && part !== "..");
  return parts.join("/").slice(0, 500) || "file";
}

/** Of files that belong together, the one to look into: the folder of a SavedModel, the index of a checkpoint. */
function inspectable(first: string, paths: string[]): string {
  const model = paths.find((path) => /(^|\/)saved_model\.pb(txt)?$/.test(path));
  if (model?.includes("/")) return model.slice(0, model.lastIndexOf("/"));
  return paths.find((path) => path.endsWith(".index")) ?? first;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1 << 20 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`;
}

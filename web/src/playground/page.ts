// The playground: editor and tool bar on one side, console, charts, graph, profile and files on the other.
import { Charts } from "../charts/panel";
import { readPrinted } from "../charts/printed";
import { download, h } from "../dom";
import { Editor } from "../editor/editor";
import { type Engine, STOPPED } from "../engine/engine";
import type { Ending } from "../engine/messages";
import { FilesPanel } from "../files/panel";
import { GraphPanel } from "../graph/panel";
import { linkTo, programIn } from "../share";
import { type FileStore, keep, kept } from "../state";
import { Console } from "./console";
import { FIRST_PROGRAM } from "./first-program";
import { Gallery } from "./gallery";
import { ProfilePanel } from "./profile";
import { Tabs } from "./tabs";

export class Playground {
  readonly element: HTMLElement;
  readonly files: FilesPanel;
  readonly #console = new Console();
  readonly #charts = new Charts();
  readonly #profile = new ProfilePanel();
  readonly #graph: GraphPanel;
  readonly #editor: Editor;
  readonly #tabs: Tabs;
  readonly #gallery: Gallery;
  readonly #name = h("span", { class: "program-name" });
  readonly #notice = h("p", { class: "notice", role: "status", hidden: true });
  readonly #profiled = h("input", { type: "checkbox", id: "profiled" });
  readonly #run = h("button", { class: "primary", onclick: () => void this.run(), title: "Ctrl+Enter" }, "Run");
  readonly #stop = h("button", { onclick: () => this.engine.stop(), disabled: true }, "Stop");
  #file = kept("file", "program.py");
  #linked: string | null = null;
  #running = false;
  #printedStep = 1;

  constructor(
    private readonly engine: Engine,
    store: FileStore,
    private readonly device: () => string,
  ) {
    this.#gallery = new Gallery(engine.library, (file, text) => this.#open(file, text));
    this.#graph = new GraphPanel(engine);
    this.files = new FilesPanel(engine, store, {
      showGraph: (path) => {
        this.#tabs.select("Graph");
        void this.#graph.show(path);
      },
      open: async (path) => this.#open(path.slice("/files/".length), new TextDecoder().decode(await engine.take(path))),
    });
    this.#editor = new Editor(kept("program", FIRST_PROGRAM), engine.library, {
      run: () => {
        void this.run();
        return true;
      },
      changed: (text) => this.#changed(text),
    });
    this.#tabs = new Tabs(
      {
        Console: this.#console.element,
        Charts: this.#charts.element,
        Graph: this.#graph.element,
        Profile: this.#profile.element,
        Files: this.files.element,
      },
      (name) => {
        if (name === "Graph" && !this.#running) void this.#graph.show();
        if (name === "Charts") this.#charts.recolour();
        if (name === "Files" && !this.#running) void this.files.refresh();
      },
    );
    this.element = h(
      "main",
      { class: "playground", id: "main" },
      h("h1", { class: "visually-hidden" }, "Playground"),
      h("section", { class: "pane", "aria-label": "Program" }, this.#toolBar(), this.#notice, this.#editor.element),
      h("section", { class: "pane", "aria-label": "Results" }, this.#tabs.element),
      this.#gallery.element,
    );
    this.#showName();
    this.#listen();
    this.#readLink();
    addEventListener("hashchange", () => this.#readLink());
  }

  /** Runs what is in the editor. */
  async run(): Promise<void> {
    if (this.#running) return;
    this.#setRunning(true);
    this.#editor.mark(null);
    this.#console.clear();
    this.#charts.clear();
    this.#printedStep = 1;
    this.#show("Console");
    try {
      this.#finish(await this.engine.run(this.#file, this.#editor.text, this.device(), this.#profiled.checked));
    } catch (error) {
      const { message } = error as Error;
      this.#console.note(message, message === STOPPED ? "note" : "failure");
    }
    this.#graph.forget();
    this.#setRunning(false);
    this.#tabs.select(this.#tabs.selected); // what was not to be had while the program ran
  }

  /** Takes files that were dropped, and shows what is in them. */
  addFiles(files: File[], paths: string[]): Promise<void> {
    this.#show("Files");
    return this.files.add(files, paths);
  }

  recolour(): void {
    this.#charts.recolour();
  }

  #finish(ending: Ending): void {
    const seconds = `${ending.seconds.toFixed(ending.seconds < 10 ? 2 : 0)} s`;
    if (ending.status === "failed" && ending.line) {
      this.#editor.mark({ line: ending.line, message: ending.message ?? "" });
    }
    if (ending.status === "done") this.#console.note(`Done after ${seconds}`);
    else if (ending.status === "stopped") this.#console.note(`Stopped after ${seconds}`);
    else
      this.#console.note(
        ending.line ? `Failed in line ${ending.line}, after ${seconds}` : (ending.message ?? ""),
        "failure",
      );
    if (ending.files.length)
      this.#console.note(`Written: ${ending.files.slice(0, 8).join(", ")}${ending.files.length > 8 ? " …" : ""}`);
    this.#profile.show(ending.profile);
    if (ending.profile && ending.status === "done") this.#tabs.select("Profile");
    void this.files.refresh(ending.files);
  }

  #listen(): void {
    this.engine.on("output", (pieces) => {
      for (const [stream, text] of pieces) this.#console.write(stream, text, (line) => this.#readLine(line));
    });
    this.engine.on("figure", (png) => this.#console.figure(png));
    this.engine.on("scalars", ({ run, step, values }) => {
      for (const [tag, value] of values) this.#charts.add(tag, run, step, value);
      this.#tabs.mark("Charts");
    });
  }

  #readLine(line: string): void {
    const { step, values } = readPrinted(line);
    this.#printedStep = step ?? this.#printedStep;
    for (const [name, value] of values) this.#charts.add(name, "printed", step, value, this.#printedStep);
    if (values.length) this.#tabs.mark("Charts");
  }

  #toolBar(): HTMLElement {
    return h(
      "div",
      { class: "bar" },
      this.#run,
      this.#stop,
      h("button", { onclick: () => void this.#gallery.open() }, "Examples"),
      h("button", { onclick: () => void this.#share() }, "Share"),
      h(
        "button",
        { onclick: () => download(this.#file.replace(/^.*\//, ""), this.#editor.text, "text/x-python") },
        "Download",
      ),
      h("span", { class: "check" }, this.#profiled, h("label", { for: "profiled" }, "Profile")),
      this.#name,
    );
  }

  #open(file: string, text: string): void {
    this.#file = file;
    this.#editor.text = text;
    this.#showName();
    this.#say("");
  }

  /** Keeps the program; one that came with a link only when it is edited, and then it is no longer that of the link. */
  #changed(text: string): void {
    if (text === this.#linked) return;
    this.#linked = null;
    keep("program", text);
    keep("file", this.#file);
    this.#say("");
    if (location.hash.startsWith("#code=")) history.replaceState(null, "", "#/");
  }

  /** Brings a tab into sight: in a narrow window it is below the editor. */
  #show(tab: string): void {
    this.#tabs.select(tab);
    this.#tabs.element.scrollIntoView({ block: "nearest" });
  }

  #showName(): void {
    this.#name.textContent = this.#file;
  }

  async #share(): Promise<void> {
    const link = linkTo(this.#editor.text);
    if (!link) return this.#say("The program is too long for a link; download it instead.");
    history.replaceState(null, "", link);
    try {
      await navigator.clipboard.writeText(link);
      this.#say("The link is in the clipboard, and in the address bar.");
    } catch {
      this.#say("The link is in the address bar.");
    }
  }

  #readLink(): void {
    try {
      const program = programIn(location.hash);
      if (program === null || program === this.#editor.text) return;
      this.#linked = program;
      this.#open("program.py", program);
      this.#say("This program came with the link. Read it before you run it.");
    } catch (error) {
      this.#say((error as Error).message);
    }
  }

  #say(text: string): void {
    this.#notice.textContent = text;
    this.#notice.hidden = !text;
  }

  #setRunning(running: boolean): void {
    this.#running = running;
    this.#run.disabled = running;
    this.#stop.disabled = !running;
    this.element.classList.toggle("running", running);
  }
}

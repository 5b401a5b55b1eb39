// The graph of the last program: scopes open and close by a click, a node shows its attributes and shapes.
import { h, svg } from "../dom";
import type { Engine } from "../engine/engine";
import { ownScript } from "../trusted";
import type { Box, Picture } from "./layout.worker";
import layoutUrl from "./layout.worker?worker&url";
import { type GraphData, type Item, Scopes } from "./scopes";

interface NodeFacts {
  op: string;
  device: string;
  ran: string;
  inputs: string[];
  shapes: string[];
  attrs: Record<string, string>;
}

const hueOf = (device: string) =>
  device.startsWith("GPU") ? "gpu" : device === "several" ? "several" : device ? "cpu" : "any";

const legend = (ran: boolean) =>
  [
    ["cpu", ran ? "ran on CPU" : "for the CPU"],
    ["gpu", ran ? "on GPU" : "for a GPU"],
    ["several", "on both"],
    ["any", ran ? "did not run" : "for any device"],
  ].map(([hue, text]) => h("span", { class: `legend ${hue}` }, text ?? ""));

const SMALLEST_FIT = 0.4; // below that nothing can be read, and scrolling is better

export class GraphPanel {
  readonly element = h("div", { class: "graph" });
  readonly #picture = h("div", { class: "graph-picture", tabindex: 0, role: "group", "aria-label": "Graph" });
  readonly #facts = h("div", { class: "graph-facts", "aria-live": "polite" });
  readonly #summary = h("span", { class: "hint" });
  #worker: Worker | null = null;
  #scopes: Scopes | null = null;
  #open = new Set<string>();
  #drawn = new Set<string>(); // the scopes that are open in what is seen
  #found = -1;
  #shown: Picture | null = null;
  #zoom = 1;
  #asked = 0;
  #stale = true;

  constructor(private readonly engine: Engine) {
    const zoom = (factor: number) => () => this.#setZoom(this.#zoom * factor);
    const find = h("input", { type: "search", class: "find", placeholder: "Find", "aria-label": "Find a node" });
    find.addEventListener("keydown", ({ key }) => key === "Enter" && this.#find(find.value));
    this.element.append(
      h(
        "div",
        { class: "bar" },
        h("button", { onclick: zoom(1.25), "aria-label": "Larger" }, "+"),
        h("button", { onclick: zoom(0.8), "aria-label": "Smaller" }, "−"),
        h("button", { onclick: () => this.#fit() }, "Fit"),
        h("button", { onclick: () => this.#openAll() }, "Open all"),
        h("button", { onclick: () => this.#closeAll() }, "Close all"),
        find,
        this.#summary,
      ),
      h("div", { class: "graph-body" }, this.#picture, this.#facts),
    );
    this.#hint("Run a program, and its graph is shown here.");
  }

  /** Another program has run: what is shown is drawn anew when it is looked at. */
  forget(): void {
    this.#stale = true;
  }

  /** Draws the graph of the last program if it is not there yet, or that of a file. */
  async show(path = ""): Promise<void> {
    if (!this.#stale && !path) return;
    this.#hint("Reading the graph …");
    try {
      this.#scopes = new Scopes(await this.engine.call<GraphData>("graphs.nodes", path));
    } catch (error) {
      this.#hint((error as Error).message);
      return;
    }
    this.#stale = false;
    this.#open.clear();
    this.#facts.replaceChildren();
    this.#found = -1;
    if (this.#scopes.data.names.length === 0) this.#hint("The program has built no graph.");
    else this.#layOut(true);
  }

  #hint(text: string): void {
    this.#picture.replaceChildren(h("p", { class: "hint" }, text));
    this.#summary.textContent = "";
  }

  #openAll(): void {
    for (const scope of this.#scopes?.sizes.keys() ?? []) this.#open.add(scope);
    this.#layOut(true);
  }

  #closeAll(): void {
    this.#open.clear();
    this.#layOut(true);
  }

  /** Opens the scopes of the next node with a text in its name, and goes there. */
  #find(text: string): void {
    if (!this.#scopes || !text) return;
    const { data, paths } = this.#scopes;
    const has = (name: string) => name.toLowerCase().includes(text.toLowerCase());
    this.#found = data.names.findIndex((name, i) => i > this.#found && has(name));
    if (this.#found < 0) this.#found = data.names.findIndex(has);
    const path = paths[this.#found];
    if (path === undefined) {
      this.#summary.textContent = `No node has “${text}” in its name.`;
      return;
    }
    this.#open.clear();
    for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1)) this.#open.add(path.slice(0, end));
    this.#layOut(false, path);
    void this.#tell(data.names[this.#found] ?? "");
  }

  #layOut(fit = false, focused = ""): void {
    if (!this.#scopes) return;
    let view: ReturnType<Scopes["view"]>;
    try {
      view = this.#scopes.view(this.#open);
    } catch (error) {
      this.#summary.textContent = (error as Error).message;
      this.#open = new Set(this.#drawn);
      return;
    }
    this.#drawn = new Set(this.#open);
    const [{ names, ran }, scopes] = [this.#scopes.data, [...this.#scopes.sizes.values()].filter((size) => size > 1)];
    this.#summary.replaceChildren(`${names.length} nodes, ${scopes.length} scopes · `, ...legend(ran));
    this.#worker ??= new Worker(ownScript(layoutUrl), { type: "module", name: "layout" });
    const id = ++this.#asked;
    this.#worker.onmessage = ({ data }: MessageEvent<{ id: number; picture: Picture }>) => {
      if (data.id === this.#asked) this.#draw(data.picture, fit, focused);
    };
    this.#worker.postMessage({ id, view });
  }

  #draw(picture: Picture, fit: boolean, focused: string): void {
    this.#shown = picture;
    const lines = picture.lines.map(({ edge, points }) => {
      const path = points.map(({ x, y }, i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
      return svg("path", { d: path, class: edge.control ? "edge control" : "edge", "marker-end": "url(#arrow)" });
    });
    const arrow = svg(
      "marker",
      { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" },
      svg("path", { d: "M0 0L8 4L0 8z", class: "arrow" }),
    );
    const boxes = picture.boxes.map((box) => this.#box(box));
    const openFirst = boxes.filter((_, i) => picture.boxes[i]?.item.kind === "open");
    const others = boxes.filter((_, i) => picture.boxes[i]?.item.kind !== "open");
    this.#picture.replaceChildren(
      svg(
        "svg",
        { viewBox: `0 0 ${picture.width} ${picture.height}` },
        svg("defs", {}, arrow),
        ...openFirst,
        ...lines,
        ...others,
      ),
    );
    if (fit) this.#fit();
    else this.#setZoom(this.#zoom);
    const found = boxes[picture.boxes.findIndex(({ item }) => item.id === focused)];
    const searched = document.activeElement instanceof HTMLInputElement;
    if (searched) found?.classList.add("found");
    else found?.focus({ preventScroll: true }); // who goes by keys, stays there
    found?.scrollIntoView(searched ? { block: "center", inline: "center" } : { block: "nearest", inline: "nearest" });
  }

  #box({ item, x, y, width, height }: Box): SVGElement {
    const [left, top] = [x - width / 2, y - height / 2];
    const act = () => this.#choose(item);
    const about = item.kind === "node" ? `${item.op} ${item.name}` : `Scope ${item.name}, ${item.count} nodes`;
    const second = item.kind === "node" ? item.op : item.kind === "closed" ? `${item.count} nodes` : "";
    const short = (text: string) => (text.length > 29 ? `${text.slice(0, 27)}…` : text);
    return svg(
      "g",
      {
        class: `box ${item.kind} ${hueOf(item.device)}`,
        tabindex: 0,
        role: "button",
        "aria-label": about,
        "aria-expanded": item.kind === "node" ? undefined : String(item.kind === "open"),
        onclick: act,
        onkeydown: (event: KeyboardEvent) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          act();
        },
      },
      svg("rect", { x: left, y: top, width, height, rx: item.kind === "node" ? 18 : 6 }),
      svg("text", { x, y: item.kind === "open" ? top + 14 : second ? y - 3 : y + 4 }, short(item.label)),
      second ? svg("text", { x, y: y + 12, class: "second" }, short(second)) : null,
    );
  }

  #choose(item: Item): void {
    const scope = item.name;
    const after = item.kind === "open" ? `${scope}/` : `${scope}//`;
    if (item.kind === "closed") this.#open.add(scope);
    if (item.kind === "open")
      for (const other of [...this.#open]) if (`${other}/`.startsWith(`${scope}/`)) this.#open.delete(other);
    if (item.kind === "node") void this.#tell(item.name);
    else this.#layOut(false, after);
  }

  async #tell(name: string): Promise<void> {
    this.#facts.replaceChildren(h("h2", {}, name), h("p", { class: "hint" }, "Reading …"));
    const facts = await this.engine.call<NodeFacts>("graphs.node", name);
    const rows: [string, string][] = [
      ["op", facts.op],
      ["asked for", facts.device || "any device"],
      ...(facts.ran ? [["ran on", facts.ran === "not" ? "none: it did not run" : facts.ran] as [string, string]] : []),
      ...facts.shapes.map((shape, i): [string, string] => [`output ${i}`, shape]),
      ...facts.inputs.map((input, i): [string, string] => [`input ${i}`, input]),
      ...Object.entries(facts.attrs),
    ];
    this.#facts.replaceChildren(
      h("h2", {}, name),
      h("dl", {}, ...rows.flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)])),
    );
    document.activeElement?.closest(".box")?.scrollIntoView({ block: "nearest", inline: "nearest" }); // still in sight
  }

  #fit(): void {
    if (!this.#shown) return;
    const { clientWidth, clientHeight } = this.#picture;
    const whole = Math.min(clientWidth / this.#shown.width, Math.max(clientHeight, 200) / this.#shown.height);
    this.#setZoom(Math.min(1.2, Math.max(whole, SMALLEST_FIT)));
  }

  #setZoom(zoom: number): void {
    this.#zoom = Math.min(3, Math.max(0.05, zoom));
    const drawing = this.#picture.querySelector("svg");
    if (!drawing || !this.#shown) return;
    drawing.setAttribute("width", String(this.#shown.width * this.#zoom));
    drawing.setAttribute("height", String(this.#shown.height * this.#zoom));
  }
}

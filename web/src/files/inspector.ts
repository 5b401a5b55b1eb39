// What is in a file: lines, a table, a picture, tensors with their statistics and histogram.
import { h, svg } from "../dom";
import type { Engine } from "../engine/engine";

export interface Content {
  lines: string[];
  tensors?: { name: string; dtype: string; shape: number[] }[];
  image?: string;
  rows?: string[][];
  graph?: string | null;
}

interface TensorFacts {
  statistics: [string, string][];
  bars: number[];
  low?: number;
  high?: number;
  values: string[];
}

export class Inspector {
  readonly element = h("div", { class: "inspector", "aria-live": "polite" });
  #pictureUrl = "";

  constructor(
    private readonly engine: Engine,
    private readonly actions: { showGraph(path: string): void; open(path: string): void },
  ) {}

  clear(): void {
    URL.revokeObjectURL(this.#pictureUrl);
    this.element.replaceChildren();
  }

  wait(path: string): void {
    this.clear();
    this.element.append(h("h2", {}, path), h("p", { class: "hint" }, "Reading …"));
  }

  refuse(path: string, message: string): void {
    this.clear();
    this.element.append(h("h2", {}, path), h("p", { class: "failure", role: "alert" }, message));
  }

  async show(path: string, content: Content): Promise<void> {
    this.clear();
    const graph = content.graph;
    this.element.append(
      h("h2", {}, path),
      graph ? h("button", { onclick: () => this.actions.showGraph(graph) }, "Show the graph") : "",
      path.endsWith(".py") ? h("button", { onclick: () => this.actions.open(path) }, "Open in the editor") : "",
      h("pre", {}, content.lines.join("\n")),
    );
    if (content.image) this.element.append(await this.#picture(path, content.image));
    if (content.rows) this.element.append(table(content.rows));
    if (content.tensors?.length) this.element.append(this.#tensors(path, content.tensors));
  }

  async #picture(path: string, type: string): Promise<HTMLElement> {
    const bytes = await this.engine.take(path);
    this.#pictureUrl = URL.createObjectURL(new Blob([bytes], { type }));
    const picture = h("img", { src: this.#pictureUrl, alt: `The picture ${path}` });
    return picture.decode().then(
      () => h("div", {}, h("p", {}, `${picture.naturalWidth} × ${picture.naturalHeight} pixels`), picture),
      () => h("p", { class: "failure", role: "alert" }, "This is no picture that the browser can show."),
    );
  }

  #tensors(path: string, tensors: NonNullable<Content["tensors"]>): HTMLElement {
    const rows = tensors.map(({ name, dtype, shape }) => {
      const facts = h("td", { colspan: 3 });
      const below = h("tr", { hidden: true }, facts);
      const button = h("button", { class: "link", "aria-expanded": "false" }, name);
      button.addEventListener("click", () => {
        below.hidden = !below.hidden;
        button.setAttribute("aria-expanded", String(!below.hidden));
        if (!facts.childElementCount) void this.#facts(path, name, facts);
      });
      return [h("tr", {}, h("td", {}, button), h("td", {}, dtype), h("td", {}, `[${shape.join(", ")}]`)), below];
    });
    const head = h("tr", {}, ...["Tensor", "Type", "Shape"].map((text) => h("th", { scope: "col" }, text)));
    return h("table", { class: "tensors" }, h("thead", {}, head), h("tbody", {}, ...rows.flat()));
  }

  async #facts(path: string, name: string, into: HTMLElement): Promise<void> {
    try {
      const facts = await this.engine.call<TensorFacts>("contents.tensor", path, name);
      const statistics = facts.statistics.map(([label, text]) => h("span", {}, `${label} `, h("b", {}, text)));
      into.replaceChildren(
        h("div", { class: "statistics" }, ...statistics),
        facts.bars.length ? histogram(facts) : "",
        h("code", {}, facts.values.join(", "), facts.values.length === 12 ? " …" : ""),
      );
    } catch (error) {
      into.replaceChildren(h("p", { class: "failure" }, (error as Error).message));
    }
  }
}

function histogram({ bars, low = 0, high = 0 }: TensorFacts): Element {
  const most = Math.max(...bars, 1);
  const label = `Histogram from ${low.toPrecision(4)} to ${high.toPrecision(4)}`;
  return h(
    "figure",
    { class: "histogram" },
    svg(
      "svg",
      { viewBox: `0 0 ${bars.length} 12`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      ...bars.map((n, i) =>
        svg("rect", { x: i + 0.08, y: 12 - (12 * n) / most, width: 0.84, height: (12 * n) / most }),
      ),
    ),
    h("figcaption", {}, h("span", {}, low.toPrecision(4)), h("span", {}, high.toPrecision(4))),
  );
}

function table(rows: string[][]): HTMLElement {
  const [head = [], ...body] = rows;
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...head.map((cell) => h("th", { scope: "col" }, cell)))),
      h("tbody", {}, ...body.map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell))))),
    ),
  );
}

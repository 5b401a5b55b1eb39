// One chart a name, drawn by uPlot as numbers come in; redrawn at most once a frame.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { h } from "../dom";

const MOST_CHARTS = 24;
const MOST_CURVES = 12; // in one
const MOST_POINTS = 20_000;
const COLOURS = ["--series-1", "--series-2", "--series-3", "--series-4"];
const FRAME = 18; // of a chart, in the style sheet

/** The points of one name: a curve for each run, over steps. */
class Series {
  readonly runs = new Map<string, { steps: number[]; values: number[] }>();
  #labels = new Map<string, string>(); // of the last curve of each run: where steps begin anew, so does a curve

  /** Without a step, a point stands one after the last, and not before `earliest`. */
  add(run: string, step: number | null, value: number, earliest: number): void {
    let label = this.#labels.get(run) ?? run;
    const last = this.runs.get(label)?.steps.at(-1);
    const at = step ?? Math.max(earliest, last === undefined ? 0 : last + 1);
    if (last !== undefined && at < last) {
      if (this.runs.size >= MOST_CURVES) return;
      for (let n = 2; this.runs.has(label); n++) label = `${run} ${n}`;
    }
    this.#labels.set(run, label);
    const curve = this.runs.get(label) ?? { steps: [], values: [] };
    this.runs.set(label, curve);
    const n = curve.steps.length - Number(at === last);
    curve.steps[n] = at;
    curve.values[n] = value;
    if (curve.steps.length > MOST_POINTS) {
      curve.steps = curve.steps.filter((_, i) => i % 2 === 0);
      curve.values = curve.values.filter((_, i) => i % 2 === 0);
    }
  }

  /** All runs over one axis of steps, as uPlot wants them. */
  table(): uPlot.AlignedData {
    const tables = [...this.runs.values()].map(({ steps, values }): uPlot.AlignedData => [steps, values]);
    return tables.length === 1 && tables[0] ? tables[0] : uPlot.join(tables);
  }
}

export class Charts {
  readonly element = h("div", { class: "charts" });
  readonly #empty = h(
    "p",
    { class: "hint" },
    "Curves appear here: what a tf.summary.FileWriter gets, and what is printed as “step 100: loss 0.3”.",
  );
  #series = new Map<string, Series>();
  #plots = new Map<string, uPlot>();
  #frame = 0;

  constructor() {
    this.element.append(this.#empty);
    new ResizeObserver(() => this.#resize()).observe(this.element);
  }

  clear(): void {
    for (const plot of this.#plots.values()) plot.destroy();
    this.#plots.clear();
    this.#series.clear();
    this.element.replaceChildren(this.#empty);
  }

  add(name: string, run: string, step: number | null, value: number, earliest = 0): void {
    const series = this.#series.get(name) ?? new Series();
    if (!this.#series.has(name) && this.#series.size >= MOST_CHARTS) return;
    this.#series.set(name, series);
    series.add(run, step, value, earliest);
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Draws anew with the colours of the theme. */
  recolour(): void {
    for (const plot of this.#plots.values()) plot.destroy();
    this.#plots.clear();
    this.element.replaceChildren(this.#series.size ? "" : this.#empty);
    this.#draw();
  }

  #draw(): void {
    this.#frame = 0;
    if (!this.element.isConnected || this.element.clientWidth === 0) return; // drawn when it is seen
    this.#empty.remove();
    for (const [name, series] of this.#series) {
      const data = series.table();
      const plot = this.#plots.get(name);
      if (plot && plot.series.length === data.length) plot.setData(data);
      else this.#make(name, series, data);
    }
  }

  #make(name: string, series: Series, data: uPlot.AlignedData): void {
    this.#plots.get(name)?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (variable: string) => style.getPropertyValue(variable).trim();
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const holder =
      [...this.element.children].find((child): child is HTMLElement => (child as HTMLElement).dataset.name === name) ??
      this.element.appendChild(h("figure", { class: "chart", "data-name": name }, h("figcaption", {}, name)));
    const curves = [...series.runs.keys()].map((label, i) => ({
      label,
      stroke: colour(COLOURS[i % COLOURS.length] ?? "--series-1"),
      width: 1.75,
      spanGaps: true,
      points: { show: (data[0]?.length ?? 0) < 40, size: 5 },
    }));
    const options: uPlot.Options = {
      width: this.#width(),
      height: 170,
      scales: { x: { time: false } },
      legend: { show: curves.length > 1 },
      cursor: { drag: { x: true, y: false } },
      axes: [
        { ...axis, size: 26 },
        { ...axis, size: 54 },
      ],
      series: [{ label: "step" }, ...curves],
    };
    this.#plots.set(name, new uPlot(options, data, holder));
    holder.querySelector("canvas")?.setAttribute("aria-label", `Chart of ${name}`);
    holder.querySelector("canvas")?.setAttribute("role", "img");
  }

  #width(): number {
    const { paddingLeft, paddingRight, columnGap } = getComputedStyle(this.element);
    const inner = this.element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    const each = inner > 660 ? Math.floor((inner - Number.parseFloat(columnGap)) / 2) : inner;
    return Math.max(each - FRAME, 100);
  }

  #resize(): void {
    if (this.#series.size > 0 && this.#plots.size < this.#series.size) this.#draw();
    for (const plot of this.#plots.values()) plot.setSize({ width: this.#width(), height: plot.height });
  }
}

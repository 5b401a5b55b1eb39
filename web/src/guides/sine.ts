// The guided page about a recurrent network: its prediction moves onto the sine while it trains.
import uPlot from "uplot";
import { Charts } from "../charts/panel";
import { h } from "../dom";
import type { Engine } from "../engine/engine";
import { type Knob, Knobs } from "./knobs";
import { type Round, Trainer } from "./trainer";

interface Prediction {
  truth: number[];
  prediction: number[];
  rmse: number;
}

const LOOK_EVERY_MS = 500;

export class SineGuide {
  readonly element: HTMLElement;
  readonly #charts = new Charts();
  readonly #curve = h("div", { class: "curve", role: "img", "aria-label": "The sine and what the network predicts" });
  readonly #status = h(
    "p",
    { class: "status", role: "status" },
    "Press Train: the network begins with random weights.",
  );
  readonly #rmse = h("output", { class: "big", "aria-label": "RMSE" }, "–");
  readonly #train = h("button", { class: "primary", onclick: () => this.#toggle() }, "Train");
  readonly #knobs = new Knobs("sine", KNOBS, () => this.#forget());
  readonly #trainer: Trainer;
  #plot: uPlot | null = null;
  #lookedAt = 0;

  constructor(
    private readonly engine: Engine,
    private readonly device: () => string,
  ) {
    this.#trainer = new Trainer(
      engine,
      "sine",
      () => this.#make(),
      (round) => this.#after(round),
      (running) => this.#show(running),
    );
    engine.on("restarted", () => this.#forget());
    this.element = h(
      "main",
      { class: "guide", id: "main" },
      h("h1", {}, "Sine: a recurrent network goes on with a curve"),
      h(
        "p",
        { class: "lead" },
        "Two LSTM layers see ten points of a sine and say the next. The part of the curve that is drawn here is never trained on.",
      ),
      h(
        "section",
        { class: "card", "aria-label": "Training" },
        this.#knobs.element,
        h(
          "div",
          { class: "bar" },
          this.#train,
          h("button", { onclick: () => this.#forget() }, "Start over"),
          h("span", { class: "readout" }, "RMSE ", this.#rmse),
        ),
        this.#status,
        this.#curve,
        this.#charts.element,
      ),
    );
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#width(), height: 260 })).observe(this.#curve);
  }

  recolour(): void {
    this.#charts.recolour();
    const data = this.#plot?.data;
    this.#plot?.destroy();
    this.#plot = data ? this.#makePlot(data) : null;
  }

  leave(): void {
    this.#trainer.stop();
  }

  #forget(): void {
    this.#trainer.forget();
    this.#charts.clear();
    this.#plot?.destroy();
    this.#plot = null;
    this.#rmse.textContent = "–";
    this.#status.textContent = "The next training starts from random weights.";
  }

  async #make(): Promise<void> {
    this.#status.textContent = "Building the network …";
    this.#draw(await this.engine.call<Prediction>("sine.make", { ...this.#knobs.values, device: this.device() }));
  }

  async #toggle(): Promise<void> {
    if (this.#trainer.running) return this.#trainer.stop();
    try {
      await this.#trainer.start();
    } catch (error) {
      this.#trainer.forget();
      this.#status.textContent = (error as Error).message;
    }
  }

  async #after(round: Round): Promise<void> {
    this.#charts.add("loss", "loss", round.step, round.loss);
    this.#status.textContent = `step ${round.step}: loss ${round.loss.toExponential(2)}, ${(1000 * round.seconds).toFixed(1)} ms a step`;
    if (performance.now() - this.#lookedAt < LOOK_EVERY_MS && this.#trainer.running) return;
    const found = await this.engine.call<Prediction>("sine.predict");
    this.#lookedAt = performance.now();
    this.#charts.add("RMSE", "rmse", round.step, found.rmse);
    this.#draw(found);
  }

  #draw({ truth, prediction, rmse }: Prediction): void {
    this.#rmse.textContent = rmse.toFixed(4);
    const data: uPlot.AlignedData = [truth.map((_, i) => i), truth, prediction];
    if (this.#plot) this.#plot.setData(data);
    else this.#plot = this.#makePlot(data);
  }

  #makePlot(data: uPlot.AlignedData): uPlot {
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 } };
    const options: uPlot.Options = {
      width: this.#width(),
      height: 260,
      scales: { x: { time: false }, y: { range: [-1.3, 1.3] } },
      axes: [{ ...axis, show: false }, axis],
      legend: { live: false },
      series: [
        {},
        { label: "sine", stroke: colour("--faint"), width: 5 },
        { label: "prediction", stroke: colour("--series-1"), width: 2 },
      ],
    };
    return new uPlot(options, data, this.#curve);
  }

  #width(): number {
    return Math.max(this.#curve.clientWidth, 200);
  }

  #show(running: boolean): void {
    this.#train.textContent = running ? "Pause" : "Train";
  }
}

const KNOBS: Knob[] = [
  {
    name: "point_by_point",
    label: "Ten points are",
    initial: false,
    options: [
      [false, "one step"],
      [true, "ten steps"],
    ],
  },
  {
    name: "hidden",
    label: "Units a layer",
    initial: 30,
    options: [
      [8, "8"],
      [16, "16"],
      [30, "30"],
      [64, "64"],
    ],
  },
  {
    name: "rate",
    label: "Learning rate",
    initial: 0.1,
    options: [
      [0.01, "0.01"],
      [0.05, "0.05"],
      [0.1, "0.1"],
      [0.3, "0.3"],
    ],
  },
  {
    name: "batch",
    label: "Batch",
    initial: 32,
    options: [
      [8, "8"],
      [32, "32"],
      [128, "128"],
    ],
  },
];

// The guided page about MNIST: train, watch, draw a digit, look at what the first layer sees, save and load.
import { Charts } from "../charts/panel";
import { download, h, labelled } from "../dom";
import type { Engine } from "../engine/engine";
import { DigitField } from "./digit";
import { Knobs, type Settings } from "./knobs";
import { type Round, Trainer } from "./trainer";

const HELD_OUT = 1000;
const LOOK_EVERY_MS = 900; // how often accuracy and filters are looked at while it trains, at most
const LOOK_SHARE = 0.2; // and of its time

export class MnistGuide {
  readonly element: HTMLElement;
  readonly #charts = new Charts();
  readonly #status = h(
    "p",
    { class: "status", role: "status" },
    "Press Train: the network begins with random weights.",
  );
  readonly #accuracy = h("output", { class: "big", "aria-label": "Accuracy" }, "–");
  readonly #train = h("button", { class: "primary", onclick: () => this.#toggle() }, "Train");
  readonly #bars: HTMLMeterElement[] = [];
  readonly #filters = h("div", { class: "filters", role: "img", "aria-label": "Weights of the first layer as images" });
  readonly #digit = new DigitField((pixels) => this.#guess(pixels));
  readonly #knobs: Knobs;
  readonly #trainer: Trainer;
  #guessing = false;
  #waitingPixels: number[] | null = null;
  #nextLook = 0;

  constructor(
    private readonly engine: Engine,
    private readonly device: () => string,
    filesWritten: (paths: string[]) => Promise<void>,
  ) {
    this.#trainer = new Trainer(
      engine,
      "mnist",
      () => this.#make(),
      (round) => this.#after(round),
      (running) => this.#show(running),
    );
    this.#knobs = new Knobs("mnist", KNOBS, () => this.#forget());
    engine.on("restarted", () => this.#forget());
    const load = h("input", { type: "file", multiple: true, "aria-label": "Checkpoint files" });
    load.addEventListener("change", () => void this.#load([...(load.files ?? [])]));
    this.element = h(
      "main",
      { class: "guide", id: "main" },
      h("h1", {}, "MNIST: a network learns to read digits"),
      h(
        "p",
        { class: "lead" },
        "Ten thousand handwritten digits, and a thousand more that training never sees. Set the knobs, train, and draw a digit of your own: all of it runs in this tab.",
      ),
      h(
        "div",
        { class: "columns" },
        h(
          "section",
          { class: "card", "aria-label": "Training" },
          this.#knobs.element,
          h(
            "div",
            { class: "bar" },
            this.#train,
            h("button", { onclick: () => this.#forget() }, "Start over"),
            h("span", { class: "readout" }, "accuracy ", this.#accuracy),
          ),
          this.#status,
          this.#charts.element,
        ),
        h(
          "section",
          { class: "card", "aria-label": "Your digit" },
          h("h2", {}, "Draw a digit"),
          h("div", { class: "draw" }, this.#digit.element, h("div", { class: "probabilities" }, ...this.#makeBars())),
          h("h2", {}, "What the first layer looks for"),
          this.#filters,
          h("h2", {}, "Checkpoint"),
          h(
            "div",
            { class: "bar" },
            h("button", { onclick: () => void this.#save(filesWritten) }, "Save and download"),
            labelled("Load", load),
          ),
          h(
            "p",
            { class: "hint" },
            "A checkpoint that TensorFlow wrote works as well: variables layer1/weights … of examples/mnist_in_three_files, or layer1-conv1/weight … of examples/lenet5.py.",
          ),
        ),
      ),
    );
  }

  recolour(): void {
    this.#charts.recolour();
  }

  /** The page is left: training goes no further. */
  leave(): void {
    this.#trainer.stop();
  }

  #makeBars(): HTMLElement[] {
    return Array.from({ length: 10 }, (_, digit) => {
      const meter = h("meter", { min: 0, max: 1, value: 0, "aria-label": `Probability of ${digit}` });
      this.#bars.push(meter);
      return h("div", {}, h("span", {}, digit), meter);
    });
  }

  async #make(): Promise<void> {
    this.#say("Building the network …");
    await this.engine.call("mnist.make", this.#settings());
  }

  #settings(): Settings {
    return { ...this.#knobs.values, device: this.device() };
  }

  #forget(): void {
    this.#trainer.forget();
    this.#charts.clear();
    this.#accuracy.textContent = "–";
    this.#say("The next training starts from random weights.");
  }

  async #toggle(): Promise<void> {
    if (this.#trainer.running) return this.#trainer.stop();
    await this.#try(() => this.#trainer.start());
  }

  async #after(round: Round): Promise<void> {
    this.#charts.add("loss", "loss", round.step, round.loss);
    this.#say(`step ${round.step}: loss ${round.loss.toFixed(4)}, ${(1000 * round.seconds).toFixed(1)} ms a step`);
    const start = performance.now();
    if (start < this.#nextLook && this.#trainer.running) return;
    await this.#look(round.step);
    const end = performance.now();
    this.#nextLook = end + Math.max(LOOK_EVERY_MS, (end - start) / LOOK_SHARE);
  }

  async #look(step: number): Promise<void> {
    const lenet = this.#knobs.values.model === "lenet";
    const accuracy = await this.engine.call<number>("mnist.accuracy", lenet ? 200 : HELD_OUT);
    this.#accuracy.textContent = `${(100 * accuracy).toFixed(1)} %`;
    this.#charts.add("accuracy on held-out digits", "accuracy", step, accuracy);
    this.#drawFilters(await this.engine.call<number[][]>("mnist.filters"));
    this.#showGuess(await this.engine.call<number[]>("mnist.predict", this.#digit.pixels()));
  }

  #drawFilters(filters: number[][]): void {
    const pictures = filters.map((values) => {
      const side = Math.round(Math.sqrt(values.length));
      const canvas = h("canvas", { width: side, height: side });
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      const image = context.createImageData(side, side);
      for (const [i, value] of values.entries()) image.data.set([value, value, value, 255], 4 * i);
      context.putImageData(image, 0, 0);
      return canvas;
    });
    this.#filters.replaceChildren(...pictures);
  }

  /** Asks for the probabilities; of strokes that come while it is asking, the last is asked next. */
  async #guess(pixels: number[]): Promise<void> {
    this.#waitingPixels = pixels;
    if (this.#guessing) return;
    this.#guessing = true;
    await this.#try(async () => {
      await this.#trainer.made();
      while (this.#waitingPixels) {
        const next = this.#waitingPixels;
        this.#waitingPixels = null;
        this.#showGuess(await this.engine.call<number[]>("mnist.predict", next));
      }
    });
    this.#guessing = false;
  }

  #showGuess(probabilities: number[]): void {
    const best = probabilities.indexOf(Math.max(...probabilities));
    this.#bars.forEach((bar, digit) => {
      bar.value = probabilities[digit] ?? 0;
      bar.parentElement?.classList.toggle("best", digit === best);
      bar.title = `${(100 * (probabilities[digit] ?? 0)).toFixed(1)} %`;
    });
  }

  async #save(written: (paths: string[]) => Promise<void>): Promise<void> {
    await this.#try(async () => {
      await this.#trainer.made();
      const paths = await this.engine.call<string[]>("mnist.save");
      await written(paths);
      const zip = await this.engine.take(await this.engine.call<string>("files.pack", paths));
      download("mnist-checkpoint.zip", zip, "application/zip");
      this.#say(`Saved: ${paths[0]?.replace(/\.data-.*$/, "")}`);
    });
  }

  async #load(files: File[]): Promise<void> {
    this.#trainer.stop();
    await this.#try(async () => {
      const index = files.find((file) => file.name.endsWith(".index")) ?? files[0];
      if (!index) return;
      for (const file of files) {
        await this.engine.put(
          `/files/loaded/${file.name.replace(/[\\/]/g, "_")}`,
          new Uint8Array(await file.arrayBuffer()),
        );
      }
      const path = `/files/loaded/${index.name.replace(/\.index$/, "")}`;
      const found = await this.engine.call<{ knobs: Settings; step: number; accuracy: number }>(
        "mnist.restore",
        path,
        this.#settings(),
      );
      this.#trainer.given();
      this.#knobs.set(found.knobs);
      this.#charts.clear();
      await this.#look(found.step);
      this.#accuracy.textContent = `${(100 * found.accuracy).toFixed(1)} %`;
      this.#say(
        `Loaded ${index.name}: step ${found.step}, accuracy ${(100 * found.accuracy).toFixed(1)} %. Train goes on from there.`,
      );
    });
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#trainer.forget();
      this.#say((error as Error).message, true);
    }
  }

  #say(text: string, failed = false): void {
    this.#status.textContent = text;
    this.#status.classList.toggle("failure", failed);
  }

  #show(running: boolean): void {
    this.#train.textContent = running ? "Pause" : "Train";
  }
}

const KNOBS = [
  {
    name: "model",
    label: "Model",
    initial: "full",
    options: [
      ["full", "two full layers"],
      ["lenet", "LeNet-5"],
    ],
  },
  {
    name: "rate",
    label: "Learning rate",
    initial: 0.5,
    options: [
      [0.01, "0.01"],
      [0.05, "0.05"],
      [0.1, "0.1"],
      [0.5, "0.5"],
      [0.8, "0.8"],
      [2, "2"],
    ],
  },
  {
    name: "batch",
    label: "Batch",
    initial: 100,
    options: [
      [10, "10"],
      [32, "32"],
      [100, "100"],
      [500, "500"],
    ],
  },
  {
    name: "hidden",
    label: "Hidden units",
    initial: 100,
    options: [
      [16, "16"],
      [32, "32"],
      [100, "100"],
      [300, "300"],
      [500, "500"],
    ],
  },
  {
    name: "l2",
    label: "Weight penalty",
    initial: 0.0001,
    options: [
      [0, "none"],
      [0.0001, "0.0001"],
      [0.001, "0.001"],
      [0.01, "0.01"],
    ],
  },
  {
    name: "ema",
    label: "Moving average",
    initial: 0.99,
    options: [
      [0, "none"],
      [0.9, "0.9"],
      [0.99, "0.99"],
      [0.999, "0.999"],
    ],
  },
] satisfies import("./knobs").Knob[];

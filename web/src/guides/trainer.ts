// Trains a network of a guided page in short rounds, so that the page can ask it other things in between.
import type { Engine } from "../engine/engine";

export interface Round {
  step: number;
  loss: number;
  seconds: number;
}

const ROUND_SECONDS = 0.25;

export class Trainer {
  #running = false;
  #isMade = false;
  #forgotten = 0; // how often

  constructor(
    private readonly engine: Engine,
    private readonly module: "mnist" | "sine",
    private readonly make: () => Promise<void>,
    private readonly after: (round: Round) => Promise<void>,
    private readonly changed: (running: boolean) => void,
  ) {}

  get running(): boolean {
    return this.#running;
  }

  /** Has the network built, if there is none that the knobs still fit. */
  async made(): Promise<void> {
    while (!this.#isMade) {
      const forgotten = this.#forgotten;
      await this.make();
      this.#isMade = forgotten === this.#forgotten; // else a knob was turned meanwhile
    }
  }

  /** The network has come from elsewhere. */
  given(): void {
    this.#isMade = true;
  }

  /** The network is of no more use: training goes no further. */
  forget(): void {
    this.stop();
    this.#isMade = false;
    this.#forgotten += 1;
  }

  /** Trains until stopped.
   * @throws EngineError when Python refuses; training has stopped then. */
  async start(): Promise<void> {
    await this.made();
    if (this.#running) return;
    this.#set(true);
    try {
      while (this.#running) await this.after(await this.engine.call<Round>(`${this.module}.train`, ROUND_SECONDS));
    } finally {
      this.#set(false);
    }
  }

  stop(): void {
    this.#running = false;
  }

  #set(running: boolean): void {
    this.#running = running;
    this.changed(running);
  }
}

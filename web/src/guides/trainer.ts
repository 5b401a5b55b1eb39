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

  constructor(
    private readonly engine: Engine,
    private readonly module: "mnist" | "sine",
    private readonly after: (round: Round) => Promise<void>,
    private readonly changed: (running: boolean) => void,
  ) {}

  get running(): boolean {
    return this.#running;
  }

  /** Trains until stopped.
   * @throws EngineError when Python refuses; training has stopped then. */
  async start(): Promise<void> {
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

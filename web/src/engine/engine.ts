// The page's side of the worker: calls, events, stopping, and starting anew with the visitor's files in place.
import { ownScript } from "../trusted";
import type { Ending, Events, Reply, Request } from "./messages";
import { SiteText } from "./text";
import workerUrl from "./worker?worker&url";

/** What an `EngineError` says when the visitor wanted it so. */
export const STOPPED = "Stopped";
const PATIENCE_MS = 800; // for Python to stop by itself; then its worker is ended

type Listener<K extends keyof Events> = (payload: Events[K]) => void;
type Waiting = { resolve: (value: never) => void; reject: (error: Error) => void };
type WithId<R> = R extends { id: number } ? Omit<R, "id"> : never;

/** What was asked for was stopped, or refused by Python; the message is for the visitor. */
export class EngineError extends Error {}

export class Engine {
  #worker: Worker | null = null;
  #interrupt: Int32Array | null = null;
  #waiting = new Map<number, Waiting>();
  #listeners = new Map<keyof Events, Set<Listener<never>>>();
  #lastId = 0;
  #stopTimer: ReturnType<typeof setTimeout> | undefined;
  #placed: Promise<void> = Promise.resolve();
  #cancel: (() => void) | null = null; // while packages are loaded for a program
  readonly #text = new SiteText();
  /** The examples, and the public names. */
  readonly library = this.#text.library;

  /** Given the files that Python is to find whenever it starts. */
  constructor(private readonly files: () => Promise<Map<string, Uint8Array<ArrayBuffer>>>) {}

  /** Whether Python can be interrupted; otherwise stopping ends the worker. */
  readonly isolated = globalThis.crossOriginIsolated;

  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  on<K extends keyof Events>(name: K, listener: Listener<K>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener as Listener<never>));
    return () => listeners.delete(listener as Listener<never>);
  }

  start(): void {
    const buffer = this.isolated ? new SharedArrayBuffer(8) : null;
    this.#interrupt = buffer && new Int32Array(buffer);
    const worker = new Worker(ownScript(workerUrl), { type: "module", name: "python" });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => worker === this.#worker && this.#receive(data);
    worker.onerror = (event) => this.#emit("failed", event.message || "The worker could not be started");
    worker.postMessage({ kind: "start", base: new URL("./", location.href).href, interrupt: buffer });
    this.#text.sources.then(
      (sources) => worker === this.#worker && worker.postMessage({ kind: "sources", sources }),
      (error) => this.#emit("failed", error.message),
    );
    this.#placed = this.files().then((files) => {
      for (const [path, bytes] of files) this.put(path, bytes).catch(() => undefined);
    });
  }

  /** Calls a Python function of the playground. */
  call<T>(name: string, ...args: unknown[]): Promise<T> {
    return this.#ask<T>({ kind: "call", name, args });
  }

  /** Runs a program, with the packages it imports. */
  async run(name: string, source: string, device: string, profiled: boolean): Promise<Ending> {
    await this.#placed;
    const stopped = new Promise<never>((_, reject) => {
      this.#cancel = () => reject(new EngineError(STOPPED));
    });
    await Promise.race([this.#ask({ kind: "load", source }), stopped]).finally(() => {
      this.#cancel = null;
    });
    return this.call<Ending>("programs.run", name, source, device, profiled);
  }

  put(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#ask<void>({ kind: "put", path, bytes });
  }

  take(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ask({ kind: "take", path });
  }

  /** Stops whatever runs, within a second. */
  stop(): void {
    this.#cancel?.();
    if (this.#cancel || !this.busy || this.#stopTimer !== undefined) return;
    if (this.#interrupt) {
      this.#interrupt[0] = 2; // SIGINT
      this.#stopTimer = setTimeout(() => this.#restart(), PATIENCE_MS);
    } else {
      this.#restart();
    }
  }

  #restart(): void {
    this.#worker?.terminate();
    this.#settle();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new EngineError(STOPPED));
    this.#emit("restarted", null);
    this.start();
  }

  #settle(): void {
    clearTimeout(this.#stopTimer);
    this.#stopTimer = undefined;
    if (this.#interrupt) this.#interrupt[0] = 0;
  }

  #ask<T>(request: WithId<Request>): Promise<T> {
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker?.postMessage({ ...request, id });
    });
  }

  #receive(reply: Reply): void {
    if (reply.kind === "event") {
      this.#emit(reply.name, reply.payload as never);
      if (reply.name !== "output" || !this.#interrupt) return;
      Atomics.add(this.#interrupt, 1, 1);
      Atomics.notify(this.#interrupt, 1);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    this.#settle();
    if (reply.kind === "answer") waiting?.resolve(reply.value as never);
    else if (reply.fatal) {
      waiting?.reject(new EngineError(`Python broke down (${reply.message}). It starts anew.`));
      this.#restart();
    } else waiting?.reject(new EngineError(reply.message));
  }

  #emit<K extends keyof Events>(name: K, payload: Events[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) (listener as Listener<K>)(payload);
  }
}

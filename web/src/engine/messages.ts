// What the page and the worker say to each other.

/** The text of PyFlow's modules: those that most programs use, and the rest, which may come later (see text.ts). */
export interface Sources {
  first: Uint8Array<ArrayBuffer>;
  rest: Uint8Array<SharedArrayBuffer | ArrayBuffer>;
}

/** What of the site's text the page itself shows. */
export interface Library {
  gallery: { chapter: string; file: string; about: string }[];
  /** The text of each file of the gallery. */
  examples: Map<string, string>;
  names: [name: string, kind: "function" | "class" | "namespace" | "constant", signature: string][];
}

/** From the page: a call of a Python function, or a file to put or take, or packages to load. */
export type Request =
  | { kind: "start"; base: string; interrupt: SharedArrayBuffer | null }
  | { kind: "sources"; sources: Sources }
  | { kind: "call"; id: number; name: string; args: unknown[] }
  | { kind: "load"; id: number; source: string }
  | { kind: "put"; id: number; path: string; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "take"; id: number; path: string };

/** From the worker: the answer to a request by its number, or an event. */
export type Reply =
  | { kind: "answer"; id: number; value: unknown }
  | { kind: "refusal"; id: number; message: string; fatal: boolean }
  | { kind: "event"; name: keyof Events; payload: unknown };

/** A device to choose: the name is an adapter's, and "CPU" for the CPU. */
export interface Device {
  type: "CPU" | "GPU";
  name: string;
  /** Whether a GPU is done by the CPU, which is slower than the CPU's own kernels. */
  software: boolean;
}

/** The events and what they carry. */
export interface Events {
  /** How far starting has come; null when Python is ready. */
  progress: string | null;
  failed: string;
  /** Python begins anew, and knows of nothing that was. */
  restarted: null;
  devices: Device[];
  output: ["out" | "err", string][];
  figure: string;
  scalars: { run: string; step: number; values: [string, number][] };
}

/** How a program ended. */
export interface Ending {
  status: "done" | "failed" | "stopped";
  message?: string;
  line?: number | null;
  seconds: number;
  files: string[];
  profile: Profile | null;
}

export interface Profile {
  runs: number;
  rows: [op: string, device: string, calls: number, seconds: number][];
}

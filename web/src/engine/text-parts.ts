// What text.ts, text.worker.ts and Python's worker have in common.
import type { Library, Sources } from "./messages";

export type Unpacked = { sources: Sources } | { library: Library } | { failure: string };

/** Bytes before those of a part that both see: whether it is there. */
export const HEAD = 4;

/** A part, when it is there: waits for it. */
export function whole(part: Sources["rest"]): Uint8Array<ArrayBuffer> {
  if (part.buffer instanceof ArrayBuffer) return part as Uint8Array<ArrayBuffer>;
  Atomics.wait(new Int32Array(part.buffer, 0, 1), 0, 0);
  return Uint8Array.from(part);
}

// Unpacks the site's text, which web/pack.mjs has packed: see text.ts.
import codeUrl from "../../build/text.wasm?url";
import type { Library } from "./messages";
import { HEAD, type Unpacked } from "./text-parts";

/** What web/wasm/assembly/text/packer.ts exports. */
interface Packing {
  memory: WebAssembly.Memory;
  begin(isPacking: boolean, length: number, packedLength: number): void;
  textAt(): number;
  packedAt(): number;
  unpack(count: number): void;
}

const EXAMPLES = "playground/examples/";
const post = (unpacked: Unpacked) => self.postMessage(unpacked);

async function fetched(url: string | URL): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.arrayBuffer();
}

async function unpack(base: string): Promise<void> {
  const [code, file] = await Promise.all([fetched(codeUrl), fetched(new URL("pyflow.packed", base))]);
  const { instance } = await WebAssembly.instantiate(code);
  const packing = instance.exports as unknown as Packing;
  const [count = 0] = new Uint32Array(file, 0, 1);
  const lengths = new Uint32Array(file, 4, count);
  const packed = new Uint8Array(file, 4 * (1 + count));
  packing.begin(
    false,
    lengths.reduce((sum, length) => sum + length, 0),
    packed.length,
  );
  new Uint8Array(packing.memory.buffer).set(packed, packing.packedAt());
  let at = packing.textAt();
  /** Copies the next part to there. */
  const next = (target: Uint8Array<ArrayBufferLike>) => {
    packing.unpack(target.length);
    target.set(new Uint8Array(packing.memory.buffer, at, target.length));
    at += target.length;
  };
  const [length = 0, restLength = 0, aboutLength = 0] = lengths;
  const first = new Uint8Array(length);
  next(first);
  if (self.crossOriginIsolated) {
    const shared = new SharedArrayBuffer(HEAD + restLength);
    const rest = new Uint8Array(shared, HEAD);
    post({ sources: { first, rest } });
    next(rest);
    const state = new Int32Array(shared, 0, 1);
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
  } else {
    const rest = new Uint8Array(restLength);
    next(rest);
    post({ sources: { first, rest } });
  }
  const about = new Uint8Array(aboutLength);
  next(about);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const examples = new Map<string, string>();
  for (const part of text(first).split("\0")) {
    const end = part.indexOf("\n");
    if (part.startsWith(EXAMPLES)) examples.set(part.slice(EXAMPLES.length, end), part.slice(end + 1));
  }
  post({ library: { ...(JSON.parse(text(about)) as Omit<Library, "examples">), examples } });
}

self.onmessage = ({ data: base }: MessageEvent<string>) => {
  unpack(base).catch((error) => post({ failure: String(error?.message ?? error) }));
};

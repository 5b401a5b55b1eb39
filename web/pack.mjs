// Packs text for the tab, whose text.worker.ts unpacks it:
//   node web/pack.mjs TARGET FILE...
// The target has the number of texts, their lengths, and what web/wasm/assembly/text/packer.ts makes of all of them.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const [target, ...files] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(path.join(import.meta.dirname, "build/text.wasm")));
const coder = () => new WebAssembly.Instance(module, {}).exports;
const texts = await Promise.all(files.map((file) => readFile(file)));
const whole = Buffer.concat(texts);

const packer = coder();
packer.begin(true, whole.length, whole.length);
new Uint8Array(packer.memory.buffer).set(whole, packer.textAt());
const length = packer.pack();
const packed = Buffer.from(packer.memory.buffer, packer.packedAt(), length);

const unpacker = coder();
unpacker.begin(false, whole.length, length);
new Uint8Array(unpacker.memory.buffer).set(packed, unpacker.packedAt());
unpacker.unpack(whole.length);
if (whole.compare(Buffer.from(unpacker.memory.buffer, unpacker.textAt(), whole.length)))
  throw new Error("Packing fails");

const head = Uint32Array.of(texts.length, ...texts.map((text) => text.length));
await writeFile(target, Buffer.concat([Buffer.from(head.buffer), packed]));

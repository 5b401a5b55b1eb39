// The second thread's own side: waits for what it is asked, does it in memory of its own, and waits again, until the
// worker that it belongs to ends.
import * as asked from "./second-thread-buffer";

const PAGE = 1 << 16;
const SCRATCH = 4 << 20; // for what the kernels pack; as in pyflow/runtime/cpu/wasm.py

type Kernels = Record<(typeof asked.CALLS)[number], (...values: number[]) => number> & {
  setup(type: number, memory: number): number;
};

self.onmessage = ({ data }: MessageEvent<{ module: WebAssembly.Module; buffer: SharedArrayBuffer }>) => {
  const { module, buffer } = data;
  const memory = new WebAssembly.Memory({ initial: (buffer.byteLength + SCRATCH) / PAGE });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
  kernels.setup(asked.CLASS, buffer.byteLength);
  const [own, theirs, numbers] = [new Uint8Array(memory.buffer), new Uint8Array(buffer), new Int32Array(buffer)];
  const values = new Float64Array(buffer, asked.ARGUMENTS.at, asked.ARGUMENTS.count);
  let state = asked.IDLE;
  for (;;) {
    Atomics.store(numbers, asked.STATE, state);
    Atomics.notify(numbers, asked.STATE);
    do {
      state = asked.wait(numbers, asked.STATE, state);
    } while (state !== asked.ASKED);
    const [, call = 0, used = 0, , start = 0, bytes = 0] = numbers;
    own.set(theirs.subarray(0, used));
    const kernel = asked.CALLS[call] ?? "product";
    const done = kernels[kernel](...values);
    if (done) theirs.set(own.subarray(start, start + bytes), start);
    numbers[asked.DONE] = done;
    state = asked.ANSWERED;
  }
};

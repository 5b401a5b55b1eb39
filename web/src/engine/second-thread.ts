// A second thread for large products: a worker with the kernels of pyflow/runtime/cpu in memory of its own, since
// Pyodide's cannot be shared. Python's thread copies the operands of the one part into a buffer that both see, does the
// other part, and copies the result back. Python calls this from pyflow/runtime/cpu/second_thread.py.
import { ownScript } from "../trusted";
import workerUrl from "./second-thread.worker?worker&url";
import * as buffer from "./second-thread-buffer";

// Of PyArrayObject and PyArray_Descr; see web/wasm/assembly/arrays.ts.
const [DATA, RANK, SIZES, STRIDES, DTYPE, FLAGS, HEADER] = [2, 3, 4, 5, 7, 8, 9];
const [NUMBER, DESCRIPTION, DOUBLE] = [16, 20, 12];
const CONTIGUOUS = 1;

/** An array in the buffer: where its object is, its numbers and how many bytes they are, and where they came from. */
type Copy = { object: number; start: number; bytes: number; source: number; contiguous: boolean };

export class SecondThread {
  readonly #buffer = new SharedArrayBuffer(buffer.CAPACITY);
  readonly #bytes = new Uint8Array(this.#buffer);
  readonly #numbers = new Int32Array(this.#buffer);
  readonly #arguments = new Float64Array(this.#buffer, buffer.ARGUMENTS.at, buffer.ARGUMENTS.count);
  #used = buffer.FIRST;
  #result: Copy | undefined;

  /** Given Pyodide's memory, which may move as it grows. */
  constructor(private readonly memory: () => Uint8Array<ArrayBuffer>) {}

  /** Starts it, with the module whose kernels Python's thread has too. */
  start(module: WebAssembly.Module): void {
    const worker = new Worker(ownScript(workerUrl), { type: "module", name: "second thread" });
    worker.postMessage({ module, buffer: this.#buffer });
  }

  /** Begins c = alpha a b + beta c; returns whether it did. Arrays are given as addresses of their Python objects. */
  product(alpha: number, a: number, ta: boolean, b: number, tb: boolean, beta: number, c: number): boolean {
    return this.#begin("product", [c, a, b], beta !== 0, ([to, x, y]) => [alpha, x, +ta, y, +tb, beta, to]);
  }

  /** Begins a convolution, or the gradient of one to its filter, likewise. */
  convolution(call: "convolve" | "convolveToFilter", x: number, factor: number, out: number, windows: number): boolean {
    return this.#begin(call, [out, x, factor, windows], false, ([to, from, by, like]) => [from, by, to, like]);
  }

  /** Waits for what was begun; returns whether it was done. The result is taken if it is wanted. */
  finish(wanted: boolean): boolean {
    buffer.wait(this.#numbers, buffer.STATE, buffer.ASKED);
    Atomics.store(this.#numbers, buffer.STATE, buffer.IDLE);
    const done = this.#numbers[buffer.DONE] !== 0;
    if (done && wanted && this.#result) {
      const { start, bytes, source } = this.#result;
      this.memory().set(this.#bytes.subarray(start, start + bytes), source);
    }
    return done;
  }

  /** The first of the arrays is the result; `updates` says that what is there counts. */
  #begin(
    call: (typeof buffer.CALLS)[number],
    arrays: number[],
    updates: boolean,
    order: (objects: number[]) => (number | undefined)[],
  ): boolean {
    const state = Atomics.load(this.#numbers, buffer.STATE);
    if (state === buffer.STARTING) return false;
    if (state !== buffer.IDLE) this.finish(false); // Python was interrupted
    this.#used = buffer.FIRST;
    const copies = arrays.map((array, i) => this.#copy(array, i > 0 || updates)).filter((copy) => copy !== undefined);
    this.#result = copies[0];
    if (copies.length < arrays.length || !this.#result?.contiguous) return false;
    this.#arguments.set(order(copies.map((copy) => copy.object)).map(Number));
    this.#numbers.set([buffer.CALLS.indexOf(call), this.#used, 0, this.#result.start, this.#result.bytes], buffer.CALL);
    Atomics.store(this.#numbers, buffer.STATE, buffer.ASKED);
    Atomics.notify(this.#numbers, buffer.STATE);
    return true;
  }

  /** Copies an array with what lies between its numbers; undefined if there is no room, or strides are negative. */
  #copy(array: number, filled: boolean): Copy | undefined {
    const heap = this.memory();
    const words = new Int32Array(heap.buffer);
    const word = (address: number, index: number) => words[(address >>> 2) + index] ?? 0;
    const [rank, description, source] = [word(array, RANK), word(array, DTYPE), word(array, DATA) >>> 0];
    let bytes = heap[description + NUMBER] === DOUBLE ? 8 : 4;
    const shape: number[] = [];
    const strides: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      const [size, stride] = [word(word(array, SIZES), axis), word(word(array, STRIDES), axis)];
      if (size === 0 || (stride < 0 && size > 1)) return undefined;
      bytes += (size - 1) * stride;
      shape.push(size);
      strides.push(stride);
    }
    const object = this.#used;
    const [sizes, steps, about] = [object + HEADER * 4, object + (HEADER + rank) * 4, object + (HEADER + 2 * rank) * 4];
    const start = (about + DESCRIPTION + 63) & -64;
    if (start + bytes > buffer.CAPACITY) return undefined;
    this.#used = (start + bytes + 63) & -64;
    this.#numbers.set([0, buffer.CLASS, start, rank, sizes, steps, 0, about, word(array, FLAGS)], object >> 2);
    this.#numbers.set([...shape, ...strides], sizes >> 2);
    this.#bytes.set(heap.subarray(description, description + DESCRIPTION), about);
    if (filled) this.#bytes.set(heap.subarray(source, source + bytes), start);
    return { object, start, bytes, source, contiguous: (word(array, FLAGS) & CONTIGUOUS) !== 0 };
  }
}

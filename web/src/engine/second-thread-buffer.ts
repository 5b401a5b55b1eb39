// What the two threads of second-thread.ts say to each other, in a buffer that both see: 32-bit numbers, then the
// arguments of what is asked, then arrays as numpy would lay them out, at the addresses that they will have in the
// second thread's memory.

// Indices of the numbers: what state it is in, what to call, how far the buffer is used, whether it was done, and where
// the result is.
export const STATE = 0;
export const CALL = 1;
export const USED = 2;
export const DONE = 3;
export const START = 4;
export const BYTES = 5;

// States.
export const STARTING = 0;
export const IDLE = 1;
export const ASKED = 2;
export const ANSWERED = 3;

export const CALLS = ["product", "convolve", "convolveToFilter"] as const;
export const ARGUMENTS = { at: 64, count: 7 }; // of 64 bits
export const FIRST = 128; // where arrays may lie
export const CAPACITY = 24 << 20;
export const CLASS = 8; // the address of no class: what arrays there say that they are

const LOOKS = 20_000;

/** Waits until a number is not what it is, and returns it: a little by looking at it, then asleep. */
export function wait(numbers: Int32Array<SharedArrayBuffer>, index: number, value: number): number {
  for (let i = 0; i < LOOKS; i++) {
    const found = Atomics.load(numbers, index);
    if (found !== value) return found;
  }
  while (Atomics.load(numbers, index) === value) Atomics.wait(numbers, index, value);
  return Atomics.load(numbers, index);
}

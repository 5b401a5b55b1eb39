// numpy's arrays as they lie in Pyodide's memory: the layouts of PyArrayObject and PyArray_Descr on wasm32, which numpy's
// C API fixes.

const TYPE = 4;
const DATA = 8;
const RANK = 12;
const SIZES = 16;
const STRIDES = 20;
const DTYPE = 28;
const FLAGS = 32;
const C_CONTIGUOUS: u32 = 1;
const WRITEABLE: u32 = 0x400;
// In the dtype:
const BYTE_ORDER = 14;
const NATIVE: u8 = 0x3d; // "="
const NUMBER = 16;
const FLOAT = 11;
const DOUBLE = 12;

let ndarray: usize = 0;

/** The address of the class ndarray. */
export function know(type: usize): void {
  ndarray = type;
}

// @ts-ignore: decorator
@inline
export function data(array: usize): usize {
  return load<usize>(array, DATA);
}

// @ts-ignore: decorator
@inline
export function rank(array: usize): i32 {
  return load<i32>(array, RANK);
}

// @ts-ignore: decorator
@inline
export function size(array: usize, axis: i32): i32 {
  return load<i32>(load<usize>(array, SIZES) + (axis << 2));
}

/** In bytes; may be negative. */
// @ts-ignore: decorator
@inline
export function stride(array: usize, axis: i32): i32 {
  return load<i32>(load<usize>(array, STRIDES) + (axis << 2));
}

function isOf(array: usize, number: i32): bool {
  if (load<usize>(array, TYPE) != ndarray) return false;
  const dtype = load<usize>(array, DTYPE);
  return load<i32>(dtype, NUMBER) == number && load<u8>(dtype, BYTE_ORDER) == NATIVE;
}

export function isFloat(array: usize): bool {
  return isOf(array, FLOAT);
}

export function isDouble(array: usize): bool {
  return isOf(array, DOUBLE);
}

export function isDense(array: usize): bool {
  return (load<u32>(array, FLAGS) & C_CONTIGUOUS) != 0;
}

export function isWriteable(array: usize): bool {
  return (load<u32>(array, FLAGS) & WRITEABLE) != 0;
}

export function elements(array: usize): i32 {
  let count = 1;
  for (let axis = 0, last = rank(array); axis < last; axis++) count *= size(array, axis);
  return count;
}

export function isDenseFloat(array: usize): bool {
  return isFloat(array) && isDense(array);
}

// numpy's arrays as they lie in Pyodide's memory: the layout of PyArrayObject on wasm32, which numpy's C API fixes.

const TYPE = 4;
const DATA = 8;
const RANK = 12;
const SIZES = 16;
const STRIDES = 20;
const DTYPE = 28;
const FLAGS = 32;
const C_CONTIGUOUS: u32 = 1;
const WRITEABLE: u32 = 0x400;

let ndarray: usize = 0;
let float: usize = 0;
let double: usize = 0;

/** The addresses of the class ndarray and of its two dtypes. */
export function know(type: usize, float32: usize, float64: usize): void {
  ndarray = type;
  float = float32;
  double = float64;
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

export function isFloat(array: usize): bool {
  return load<usize>(array, TYPE) == ndarray && load<usize>(array, DTYPE) == float;
}

export function isDouble(array: usize): bool {
  return load<usize>(array, TYPE) == ndarray && load<usize>(array, DTYPE) == double;
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

// Products of matrices by blocks of registers: 6 or 4 rows of the one factor times two vectors of columns of the other.
//
// Where the rows of the first factor lie is told by tables, so that a convolution needs no matrix of its windows:
//   table     an address for each row, 4 bytes each;
//   segments  the pieces of a row: (offset from the row's address, numbers), 8 bytes each, of at most DEPTH numbers.
// What C becomes is alpha * product + beta * C; C is not read if beta is 0.

import { packAcross, packAlong, packPanels } from "./packing";
import { FUSED, multiplyAdd, zero } from "./vectors";

/** Steps that are packed at once; bytes of the second factor that are, which a core's cache is to hold. */
export const DEPTH: i32 = 512;
const PACKED: i32 = 1 << 19;

let strip: usize = 0;
let panels: usize = 0;
let lanes: usize = 0;
let spare: usize = 0;

/** Takes the memory that it needs; returns where it ends. */
export function placeProduct(memory: usize): usize {
  strip = memory;
  panels = strip + (DEPTH * 6 << 3);
  lanes = panels + PACKED;
  spare = lanes + (DEPTH << 2);
  return spare + 256;
}

/** C = the rows that the tables tell of, times B. */
export function rowsTimes<T>(
  table: usize, rows: i32, segments: usize, pieces: i32,
  columns: i32, base: usize, step: i32, column: i32,
  to: usize, next: i32, alpha: T, beta: T,
): void {
  const wide = <i32>(32 / sizeof<T>());
  let first = 0;
  while (first < pieces) {
    let depth = 0, last = first;
    while (last < pieces && depth + length(segments, last) <= DEPTH) depth += length(segments, last++);
    const most = (PACKED / <i32>sizeof<T>() / depth) & -wide;
    for (let start = 0; start < columns; start += most) {
      const width = min(most, columns - start);
      packColumns<T>(base + start * column, depth, width, step, column);
      for (let row = 0; row < rows; ) {
        const high = height(rows - row), valid = min(high, rows - row);
        let at = strip;
        repeatLast(table + (row << 2), valid, high);
        for (let piece = first; piece < last; piece++) {
          packAlong<T>(at, lanes, high, load<u32>(segments + (piece << 3)), length(segments, piece));
          at += length(segments, piece) * high * sizeof<T>();
        }
        times<T>(high, valid, depth, width, to + row * next + start * sizeof<T>(), next, alpha, beta);
        row += valid;
      }
    }
    base += depth * step;
    beta = 1;
    first = last;
  }
}

/** C = the transpose of the rows that the tables tell of, times B. */
export function rowsTransposedTimes<T>(
  table: usize, rows: i32, segments: usize, pieces: i32,
  columns: i32, base: usize, step: i32, column: i32,
  to: usize, next: i32, alpha: T, beta: T,
): void {
  const wide = <i32>(32 / sizeof<T>());
  for (let first = 0, depth = 0; first < rows; first += depth) {
    depth = evenPart(rows - first);
    const most = (PACKED / <i32>sizeof<T>() / depth) & -wide;
    for (let start = 0; start < columns; start += most) {
      const width = min(most, columns - start);
      packColumns<T>(base + start * column, depth, width, step, column);
      let target = to + start * sizeof<T>();
      for (let piece = 0; piece < pieces; piece++) {
        const count = length(segments, piece), offset = <usize>load<u32>(segments + (piece << 3));
        for (let at = 0; at < count; ) {
          const high = height(count - at), valid = min(high, count - at);
          packAcross<T>(strip, table + (first << 2), high, valid, offset + at * sizeof<T>(), depth);
          times<T>(high, valid, depth, width, target, next, alpha, beta);
          target += valid * next;
          at += valid;
        }
      }
    }
    base += depth * step;
    beta = 1;
  }
}

/** How many of `count` steps to take at once: at most DEPTH, and about as many each time. */
export function evenPart(count: i32): i32 {
  const parts = (count + DEPTH - 1) / DEPTH;
  return (count + parts - 1) / parts;
}

// @ts-ignore: decorator
@inline
function length(segments: usize, piece: i32): i32 {
  return load<i32>(segments + (piece << 3), 4);
}

/** How many rows the next block takes when so many are left, so that few are computed in vain. */
function height(left: i32): i32 {
  if (FUSED) return left > 8 || left == 5 || left == 6 ? 6 : 4;
  return 4;
}

function repeatLast(table: usize, valid: i32, high: i32): void {
  for (let i = 0; i < high; i++) store<u32>(lanes + (i << 2), load<u32>(table + (min(i, valid - 1) << 2)));
}

function packColumns<T>(base: usize, depth: i32, width: i32, step: i32, column: i32): void {
  const wide = <i32>(32 / sizeof<T>()), across = column == <i32>sizeof<T>();
  let start = 0, to = panels;
  if (across) {
    start = packPanels<T>(to, base, depth, width, step);
    to += start * depth * sizeof<T>();
    if (start < width) for (let k = 0; k < depth; k++) store<u32>(lanes + (k << 2), base + k * step);
  }
  for (; start < width; start += wide, to += depth << 5) {
    const valid = min(wide, width - start);
    if (across) {
      packAcross<T>(to, lanes, wide, valid, start * sizeof<T>(), depth);
    } else {
      for (let i = 0; i < wide; i++) store<u32>(lanes + (i << 2), base + (start + min(i, valid - 1)) * column);
      packAlong<T>(to, lanes, wide, 0, depth);
    }
  }
}

/** The packed strip times the packed panels. */
function times<T>(high: i32, valid: i32, depth: i32, width: i32, to: usize, next: i32, alpha: T, beta: T): void {
  const wide = <i32>(32 / sizeof<T>());
  let panel = panels;
  for (let start = 0; start < width; start += wide) {
    if (width - start >= wide) {
      block<T>(high, panel, depth, to, next, valid, alpha, beta);
    } else {
      block<T>(high, panel, depth, spare, 32, valid, alpha, 0);
      let from = spare, target = to;
      for (let i = 0; i < valid; i++, from += 32, target += next) {
        for (let j = 0; j < width - start; j++) {
          const at = j * sizeof<T>(), old: T = beta != 0 ? beta * load<T>(target + at) : 0;
          store<T>(target + at, load<T>(from + at) + old);
        }
      }
    }
    panel += depth << 5;
    to += 32;
  }
}

// @ts-ignore: decorator
@inline
function block<T>(high: i32, panel: usize, depth: i32, to: usize, next: usize, valid: i32, alpha: T, beta: T): void {
  if (FUSED && high == 6) sixRows<T>(strip, panel, depth, to, next, valid, alpha, beta);
  else fourRows<T>(strip, panel, depth, to, next, valid, alpha, beta);
}

function sixRows<T>(a: usize, b: usize, depth: i32, to: usize, next: usize, valid: i32, alpha: T, beta: T): void {
  let c00 = zero(), c01 = zero(), c10 = zero(), c11 = zero(), c20 = zero(), c21 = zero();
  let c30 = zero(), c31 = zero(), c40 = zero(), c41 = zero(), c50 = zero(), c51 = zero();
  const end = b + (<usize>depth << 5);
  do {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load_splat<T>(a, sizeof<T>());
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    x = v128.load_splat<T>(a, 4 * sizeof<T>());
    c40 = multiplyAdd<T>(x, b0, c40);
    c41 = multiplyAdd<T>(x, b1, c41);
    x = v128.load_splat<T>(a, 5 * sizeof<T>());
    c50 = multiplyAdd<T>(x, b0, c50);
    c51 = multiplyAdd<T>(x, b1, c51);
    a += 6 * sizeof<T>();
    b += 32;
  } while (b < end);
  put<T>(to, c00, c01, alpha, beta);
  if (valid > 1) put<T>(to + next, c10, c11, alpha, beta);
  if (valid > 2) put<T>(to + 2 * next, c20, c21, alpha, beta);
  if (valid > 3) put<T>(to + 3 * next, c30, c31, alpha, beta);
  if (valid > 4) put<T>(to + 4 * next, c40, c41, alpha, beta);
  if (valid > 5) put<T>(to + 5 * next, c50, c51, alpha, beta);
}

function fourRows<T>(a: usize, b: usize, depth: i32, to: usize, next: usize, valid: i32, alpha: T, beta: T): void {
  let c00 = zero(), c01 = zero(), c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero(), c30 = zero(), c31 = zero();
  const end = b + (<usize>depth << 5);
  do {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load_splat<T>(a, sizeof<T>());
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    a += 4 * sizeof<T>();
    b += 32;
  } while (b < end);
  put<T>(to, c00, c01, alpha, beta);
  if (valid > 1) put<T>(to + next, c10, c11, alpha, beta);
  if (valid > 2) put<T>(to + 2 * next, c20, c21, alpha, beta);
  if (valid > 3) put<T>(to + 3 * next, c30, c31, alpha, beta);
}

// @ts-ignore: decorator
@inline
function put<T>(to: usize, low: v128, high: v128, alpha: T, beta: T): void {
  const by = v128.splat<T>(alpha);
  low = v128.mul<T>(low, by);
  high = v128.mul<T>(high, by);
  if (beta != 0) {
    const old = v128.splat<T>(beta);
    low = multiplyAdd<T>(v128.load(to), old, low);
    high = multiplyAdd<T>(v128.load(to, 16), old, high);
  }
  v128.store(to, low);
  v128.store(to, high, 16);
}

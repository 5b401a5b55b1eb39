// Products of numpy's matrices, transposed or cut out of others as they may be.

import { data, elements, isDenseFloat, isDouble, isFloat, isWriteable, rank, size, stride } from "./arrays";
import { rowsTimes, rowsTransposedTimes } from "./product";
import { addPiece, noPieces, PIECES, ROWS, rows as table, segments, setRow } from "./tables";
import { multiplyAdd, zero } from "./vectors";

/** Rows that are summed at once. */
const SUMMED: i32 = 128;
/** Numbers whose squares are. */
const SQUARED: i32 = 4096;

/** c = a b, matrices or batches of them. Returns whether it could be done. */
export function multiply(a: usize, b: usize, c: usize): bool {
  return product(1, a, false, b, false, 0, c);
}

/** c = alpha a b + beta c, either factor transposed first if so asked. Returns whether it could be done. */
export function product(
  alpha: f64, a: usize, transposeA: bool, b: usize, transposeB: bool, beta: f64, c: usize,
): bool {
  if (isFloat(a) && isFloat(b) && isFloat(c)) {
    return general<f32>(<f32>alpha, a, transposeA, b, transposeB, <f32>beta, c);
  }
  if (isDouble(a) && isDouble(b) && isDouble(c)) {
    return general<f64>(alpha, a, transposeA, b, transposeB, beta, c);
  }
  return false;
}

/** Products of batches of matrices, whose leading axes broadcast, one after the other. */
function general<T>(alpha: T, a: usize, transposeA: bool, b: usize, transposeB: bool, beta: T, c: usize): bool {
  const last = rank(c) - 1;
  if (last < 1 || rank(a) < 2 || rank(a) > last + 1 || rank(b) < 2 || rank(b) > last + 1) return false;
  if (!isWriteable(c) || !fits(a, c) || !fits(b, c)) return false;
  const one = <i32>sizeof<T>();
  const lastA = rank(a) - 1, lastB = rank(b) - 1;
  const rows = size(c, last - 1), columns = size(c, last), inner = size(a, lastA - (transposeA ? 1 : 0));
  if (rows == 0 || columns == 0 || inner == 0) return false;
  if (size(a, lastA - (transposeA ? 0 : 1)) != rows || size(b, lastB - (transposeB ? 1 : 0)) != columns) return false;
  if (size(b, lastB - (transposeB ? 0 : 1)) != inner || (columns > 1 && stride(c, last) != one)) return false;
  // Along an axis of one number the stride says nothing.
  const row = rows == 1 ? one : stride(a, lastA - (transposeA ? 0 : 1));
  const along = inner == 1 ? one : stride(a, lastA - (transposeA ? 1 : 0));
  const column = columns == 1 ? one : stride(b, lastB - (transposeB ? 1 : 0));
  const step = inner == 1 ? one : stride(b, lastB - (transposeB ? 0 : 1));
  if ((row != one && along != one) || (column != one && step != one)) return false;
  const next = stride(c, last - 1);
  // A matrix times a column is a row times the matrix transposed, of which blocks of registers have more columns.
  const swaps = columns == 1 && rows > 1 && next == one && step == one;
  noPieces();
  const pieces = addPiece<T>(0, along == one || swaps ? inner : rows);
  if (pieces > PIECES) return false;
  let count = 1;
  for (let axis = 0; axis < last - 1; axis++) count *= size(c, axis);
  for (let number = 0; number < count; number++) {
    let from = data(a), base = data(b), to = data(c);
    for (let axis = last - 2, rest = number; axis >= 0; axis--) {
      const place = rest % size(c, axis);
      rest /= size(c, axis);
      from += moved(a, axis - last + lastA, place);
      base += moved(b, axis - last + lastB, place);
      to += place * stride(c, axis);
    }
    if (swaps) byRows<T>(alpha, base, one, 1, pieces, from, along, row, rows, beta, to, one);
    else if (along == one) byRows<T>(alpha, from, row, rows, pieces, base, step, column, columns, beta, to, next);
    else byColumns<T>(alpha, from, along, inner, pieces, base, step, column, columns, beta, to, next);
  }
  return true;
}

/** Whether the leading axes of a factor broadcast to those of the result. */
function fits(factor: usize, result: usize): bool {
  const missing = rank(result) - rank(factor);
  for (let axis = rank(factor) - 3; axis >= 0; axis--) {
    if (size(factor, axis) != 1 && size(factor, axis) != size(result, axis + missing)) return false;
  }
  return true;
}

/** How far along an axis that may not be there, or be repeated, a place is. */
function moved(array: usize, axis: i32, place: i32): i32 {
  return axis < 0 || size(array, axis) == 1 ? 0 : place * stride(array, axis);
}

function byRows<T>(
  alpha: T, from: usize, row: i32, rows: i32, pieces: i32,
  base: usize, step: i32, column: i32, columns: i32, beta: T, to: usize, next: i32,
): void {
  for (let first = 0; first < rows; first += ROWS) {
    const count = min(ROWS, rows - first);
    for (let i = 0; i < count; i++, from += row) setRow(i, from);
    rowsTimes<T>(table, count, segments, pieces, columns, base, step, column, to, next, alpha, beta);
    to += count * next;
  }
}

function byColumns<T>(
  alpha: T, from: usize, along: i32, inner: i32, pieces: i32,
  base: usize, step: i32, column: i32, columns: i32, beta: T, to: usize, next: i32,
): void {
  for (let first = 0; first < inner; first += ROWS) {
    const count = min(ROWS, inner - first);
    for (let i = 0; i < count; i++, from += along) setRow(i, from);
    rowsTransposedTimes<T>(table, count, segments, pieces, columns, base, step, column, to, next, alpha, beta);
    base += count * step;
    beta = 1;
  }
}

/** y = alpha x + beta y, number by number. Returns whether it could be done. */
export function average(alpha: f64, x: usize, beta: f64, y: usize): bool {
  if (!isDenseFloat(x) || !isDenseFloat(y) || !isWriteable(y) || elements(x) != elements(y)) return false;
  const a = f32x4.splat(<f32>alpha), b = f32x4.splat(<f32>beta);
  let from = data(x), to = data(y);
  let left = elements(x);
  for (; left >= 4; left -= 4, from += 16, to += 16) {
    v128.store(to, multiplyAdd<f32>(v128.load(from), a, f32x4.mul(v128.load(to), b)));
  }
  for (; left > 0; left--, from += 4, to += 4) {
    store<f32>(to, <f32>alpha * load<f32>(from) + <f32>beta * load<f32>(to));
  }
  return true;
}

/** out = half the sum of the squares of x. Returns whether it could be done. */
export function halfSquares(x: usize, out: usize): bool {
  if (!isDenseFloat(x) || !isDenseFloat(out) || !isWriteable(out) || elements(out) != 1) return false;
  let from = data(x), sum: f64 = 0;
  const end = from + (elements(x) << 2);
  // Some at a time, as in `columnSums`.
  while (from + 64 <= end) {
    const last = min(end, from + (SQUARED << 2)) - 63;
    let a = zero(), b = zero(), c = zero(), d = zero();
    for (; from < last; from += 64) {
      const e = v128.load(from), f = v128.load(from, 16), g = v128.load(from, 32), h = v128.load(from, 48);
      a = multiplyAdd<f32>(e, e, a);
      b = multiplyAdd<f32>(f, f, b);
      c = multiplyAdd<f32>(g, g, c);
      d = multiplyAdd<f32>(h, h, d);
    }
    const all = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    const halves = f64x2.add(f64x2.promote_low_f32x4(all), f64x2.promote_low_f32x4(v128.shuffle<i64>(all, all, 1, 0)));
    sum += f64x2.extract_lane(halves, 0) + f64x2.extract_lane(halves, 1);
  }
  for (; from < end; from += 4) sum += <f64>load<f32>(from) * <f64>load<f32>(from);
  store<f32>(data(out), <f32>(sum * 0.5));
  return true;
}

/** out [columns] = the sums of the columns of x [rows, columns]. Returns whether it could be done. */
export function columnSums(x: usize, out: usize): bool {
  if (!isDenseFloat(x) || !isDenseFloat(out) || !isWriteable(out) || rank(x) != 2) return false;
  const rows = size(x, 0), bytes = size(x, 1) << 2;
  if (elements(out) != size(x, 1)) return false;
  memory.fill(data(out), 0, bytes);
  // Some rows at a time, so that a long sum is made of short ones and loses fewer digits.
  for (let first = 0; first < rows; first += SUMMED) {
    const start = data(x) + first * bytes, end = start + min(SUMMED, rows - first) * bytes, to = data(out);
    let at = 0;
    for (; at + 32 <= bytes; at += 32) {
      let low = zero(), high = zero();
      for (let from = start + at; from < end; from += bytes) {
        low = f32x4.add(low, v128.load(from));
        high = f32x4.add(high, v128.load(from, 16));
      }
      v128.store(to + at, f32x4.add(v128.load(to + at), low));
      v128.store(to + at, f32x4.add(v128.load(to + at, 16), high), 16);
    }
    for (; at < bytes; at += 4) {
      let sum: f32 = 0;
      for (let from = start + at; from < end; from += bytes) sum += load<f32>(from);
      store<f32>(to + at, load<f32>(to + at) + sum);
    }
  }
  return true;
}

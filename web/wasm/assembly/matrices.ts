// Products of numpy's matrices, transposed or cut out of others as they may be.

import { data, elements, isDenseFloat, isDouble, isFloat, isWriteable, rank, size, stride } from "./arrays";
import { rowsTimes, rowsTransposedTimes } from "./product";
import { addPiece, noPieces, PIECES, ROWS, rows as table, segments, setRow } from "./tables";
import { multiplyAdd } from "./vectors";

/** c = a b. Returns whether it could be done. */
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

function general<T>(alpha: T, a: usize, transposeA: bool, b: usize, transposeB: bool, beta: T, c: usize): bool {
  if (rank(a) != 2 || rank(b) != 2 || rank(c) != 2 || !isWriteable(c)) return false;
  const one = <i32>sizeof<T>();
  const rows = size(c, 0), columns = size(c, 1), inner = size(a, transposeA ? 0 : 1);
  if (rows == 0 || columns == 0 || inner == 0) return false;
  if (size(a, transposeA ? 1 : 0) != rows || size(b, transposeB ? 0 : 1) != columns) return false;
  if (size(b, transposeB ? 1 : 0) != inner || (columns > 1 && stride(c, 1) != one)) return false;
  // Along an axis of one number the stride says nothing.
  const row = rows == 1 ? one : stride(a, transposeA ? 1 : 0);
  const along = inner == 1 ? one : stride(a, transposeA ? 0 : 1);
  const column = columns == 1 ? one : stride(b, transposeB ? 0 : 1);
  const step = inner == 1 ? one : stride(b, transposeB ? 1 : 0);
  if ((row != one && along != one) || (column != one && step != one)) return false;
  const next = stride(c, 0);
  let base = data(b), to = data(c), from = data(a);
  noPieces();
  if (along == one) {
    const pieces = addPiece<T>(0, inner);
    if (pieces > PIECES) return false;
    for (let first = 0; first < rows; first += ROWS) {
      const count = min(ROWS, rows - first);
      for (let i = 0; i < count; i++, from += row) setRow(i, from);
      rowsTimes<T>(table, count, segments, pieces, columns, base, step, column, to, next, alpha, beta);
      to += count * next;
    }
    return true;
  }
  const pieces = addPiece<T>(0, rows);
  if (pieces > PIECES) return false;
  for (let first = 0; first < inner; first += ROWS) {
    const count = min(ROWS, inner - first);
    for (let i = 0; i < count; i++, from += along) setRow(i, from);
    rowsTransposedTimes<T>(table, count, segments, pieces, columns, base, step, column, to, next, alpha, beta);
    base += count * step;
    beta = 1;
  }
  return true;
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

// The gates of recurrent cells: what pyflow/runtime/cpu/gates.py does in several passes, in one.

import { data, elements, isDenseFloat, isWriteable, rank, size } from "./arrays";
import { hyperbolicTangent, sigmoid } from "./functions";

// @ts-ignore: decorator
@inline
function activated(x: v128, isSigmoid: bool): v128 {
  return isSigmoid ? sigmoid(x) : hyperbolicTangent(x);
}

/**
 * Blocks of columns of sums [batch, count * size], each through a sigmoid or a tangent: out [count, batch, size].
 *
 * `bias` [count * size] is added first, if it is not 0, and to all of a block its number of `shifts` [count]. Bit k of
 * `sigmoids` is set if block k is a sigmoid's. Returns whether it could be done.
 */
export function gates(sums: usize, bias: usize, shifts: usize, sigmoids: i32, out: usize): bool {
  if (!isDenseFloat(sums) || !isDenseFloat(out) || !isDenseFloat(shifts) || rank(out) != 3) return false;
  const count = size(out, 0), batch = size(out, 1), columns = size(out, 2);
  if (elements(sums) != elements(out) || elements(shifts) != count) return false;
  if (bias != 0 && (!isDenseFloat(bias) || elements(bias) != count * columns)) return false;
  const bytes = columns << 2;
  let to = data(out);
  for (let block = 0; block < count; block++) {
    const isSigmoid = (sigmoids >> block & 1) != 0;
    const shift = v128.load32_splat(data(shifts) + (block << 2));
    const added = bias != 0 ? data(bias) + block * bytes : 0;
    let from = data(sums) + block * bytes;
    for (let row = 0; row < batch; row++, from += count * bytes, to += bytes) {
      let at = 0;
      for (; at + 16 <= bytes; at += 16) {
        let x = f32x4.add(v128.load(from + at), shift);
        if (added) x = f32x4.add(x, v128.load(added + at));
        v128.store(to + at, activated(x, isSigmoid));
      }
      for (; at < bytes; at += 4) {
        let x = f32x4.add(v128.load32_splat(from + at), shift);
        if (added) x = f32x4.add(x, v128.load32_splat(added + at));
        v128.store32_lane(to + at, activated(x, isSigmoid), 0);
      }
    }
  }
  return true;
}

/**
 * The gradient of one of these blocks: p q y (1 - y), or p q (1 - y y) of a tangent, for arrays [batch, size].
 *
 * It goes into columns of out [batch, ...], from `first` on. Returns whether it could be done.
 */
export function gateGradient(isSigmoid: bool, y: usize, p: usize, q: usize, out: usize, first: i32): bool {
  if (!isDenseFloat(y) || !isDenseFloat(p) || !isDenseFloat(q) || !isDenseFloat(out) || !isWriteable(out)) return false;
  if (rank(y) != 2 || rank(out) != 2 || size(y, 0) != size(out, 0) || first + size(y, 1) > size(out, 1)) return false;
  if (elements(p) != elements(y) || elements(q) != elements(y)) return false;
  const bytes = size(y, 1) << 2, one = f32x4.splat(1);
  const next = size(out, 1) << 2;
  let a = data(y), b = data(p), c = data(q), to = data(out) + (first << 2);
  for (let row = size(y, 0); row > 0; row--, to += next - bytes) {
    const end = to + bytes;
    for (; to + 16 <= end; to += 16, a += 16, b += 16, c += 16) {
      const value = v128.load(a), square = f32x4.mul(value, value);
      const slope = f32x4.sub(isSigmoid ? value : one, square);
      v128.store(to, f32x4.mul(f32x4.mul(v128.load(b), v128.load(c)), slope));
    }
    for (; to < end; to += 4, a += 4, b += 4, c += 4) {
      const value = load<f32>(a), square = value * value;
      store<f32>(to, load<f32>(b) * load<f32>(c) * ((isSigmoid ? value : 1) - square));
    }
  }
  return true;
}

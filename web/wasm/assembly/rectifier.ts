// Relu, with a bias or without, and its gradient.

import { data, elements, isDenseFloat, isWriteable, rank, size } from "./arrays";

/** out = max(x, 0); NaN stays. Returns whether it could be done. */
export function relu(x: usize, out: usize): bool {
  if (!isDenseFloat(x) || !isDenseFloat(out) || !isWriteable(out) || elements(x) != elements(out)) return false;
  const zeros = f32x4.splat(0);
  let from = data(x), to = data(out), left = elements(x);
  for (; left >= 4; left -= 4, from += 16, to += 16) v128.store(to, f32x4.max(v128.load(from), zeros));
  for (; left > 0; left--, from += 4, to += 4) store<f32>(to, max(load<f32>(from), 0));
  return true;
}

/** out = max(x + bias, 0), with a bias [columns] for all rows; NaN stays. Returns whether it could be done. */
export function biasedRelu(x: usize, bias: usize, out: usize): bool {
  if (!isDenseFloat(x) || !isDenseFloat(bias) || !isDenseFloat(out) || !isWriteable(out)) return false;
  const bytes = elements(bias) << 2, zeros = f32x4.splat(0);
  if (bytes == 0 || rank(x) == 0 || size(x, rank(x) - 1) << 2 != bytes || elements(x) != elements(out)) return false;
  let from = data(x), to = data(out);
  const added = data(bias), end = to + (elements(out) << 2);
  while (to < end) {
    let at = 0;
    for (; at + 16 <= bytes; at += 16) {
      v128.store(to + at, f32x4.max(f32x4.add(v128.load(from + at), v128.load(added + at)), zeros));
    }
    for (; at < bytes; at += 4) store<f32>(to + at, max(load<f32>(from + at) + load<f32>(added + at), 0));
    from += bytes;
    to += bytes;
  }
  return true;
}

/** out = dy where y > 0, else 0 * dy, which is 0 or NaN. Returns whether it could be done. */
export function reluGradient(dy: usize, y: usize, out: usize): bool {
  if (!isDenseFloat(dy) || !isDenseFloat(y) || !isDenseFloat(out) || !isWriteable(out)) return false;
  if (elements(dy) != elements(out) || elements(y) != elements(out)) return false;
  const zeros = f32x4.splat(0), ones = f32x4.splat(1);
  let from = data(dy), value = data(y), to = data(out), left = elements(out);
  for (; left >= 4; left -= 4, from += 16, value += 16, to += 16) {
    const slope = v128.and(f32x4.gt(v128.load(value), zeros), ones);
    v128.store(to, f32x4.mul(v128.load(from), slope));
  }
  for (; left > 0; left--, from += 4, value += 4, to += 4) {
    store<f32>(to, load<f32>(from) * <f32>(load<f32>(value) > 0));
  }
  return true;
}

// The exponential, the logarithm, the sigmoid and the hyperbolic tangent of four floats at a time, to about an ulp.
//
// Polynomials: S. Moshier's Cephes, expf, logf and tanhf (netlib.org/cephes).

import { data, elements, isDense, isFloat, isWriteable, rank, size, stride } from "./arrays";
import { multiplyAdd } from "./vectors";

// @ts-ignore: decorator
@inline
function all(x: f32): v128 {
  return f32x4.splat(x);
}

/** 2^n for whole numbers from -126 to 127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  // Beyond these the result is infinity or zero.
  x = f32x4.max(f32x4.min(x, all(89)), all(-104));
  const n = f32x4.nearest(f32x4.mul(x, all(1.44269504088896341)));
  let r = f32x4.sub(x, f32x4.mul(n, all(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, all(2.12194440e-4)));
  let p = multiplyAdd<f32>(all(1.9875691500e-4), r, all(1.3981999507e-3));
  p = multiplyAdd<f32>(p, r, all(8.3334519073e-3));
  p = multiplyAdd<f32>(p, r, all(4.1665795894e-2));
  p = multiplyAdd<f32>(p, r, all(1.6666665459e-1));
  p = multiplyAdd<f32>(p, r, all(5.0000001201e-1));
  p = multiplyAdd<f32>(p, f32x4.mul(r, r), f32x4.add(r, all(1)));
  // In two factors, as 2^n itself may be too large or too small for a float.
  const whole = i32x4.trunc_sat_f32x4_s(n), half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(all(1), f32x4.add(all(1), exponential(f32x4.neg(x))));
}

// @ts-ignore: decorator
@inline
export function hyperbolicTangent(x: v128): v128 {
  const z = f32x4.mul(x, x), size = f32x4.abs(x);
  let p = multiplyAdd<f32>(all(-5.70498872745e-3), z, all(2.06390887954e-2));
  p = multiplyAdd<f32>(p, z, all(-5.37397155531e-2));
  p = multiplyAdd<f32>(p, z, all(1.33314422036e-1));
  p = multiplyAdd<f32>(p, z, all(-3.33332819422e-1));
  p = multiplyAdd<f32>(f32x4.mul(p, z), size, size);
  const far = f32x4.sub(all(1), f32x4.div(all(2), f32x4.add(exponential(f32x4.add(size, size)), all(1))));
  const result = v128.bitselect(p, far, f32x4.lt(size, all(0.625)));
  return v128.or(result, v128.and(x, i32x4.splat(0x80000000)));
}

// @ts-ignore: decorator
@inline
export function logarithm(x: v128): v128 {
  // What is too small to be normal is multiplied by 2^24 first.
  const tiny = f32x4.lt(x, all(1.17549435e-38));
  const y = v128.bitselect(f32x4.mul(x, all(16777216)), x, tiny);
  // y = m * 2^e, with m from sqrt(1/2) to sqrt(2).
  const e = i32x4.sub(i32x4.shr_s(i32x4.sub(y, i32x4.splat(0x3f3504f3)), 23), v128.and(tiny, i32x4.splat(24)));
  const shift = i32x4.shl(i32x4.shr_s(i32x4.sub(y, i32x4.splat(0x3f3504f3)), 23), 23);
  const r = f32x4.sub(i32x4.sub(y, shift), all(1)), n = f32x4.convert_i32x4_s(e), z = f32x4.mul(r, r);
  let p = multiplyAdd<f32>(all(7.0376836292e-2), r, all(-1.1514610310e-1));
  p = multiplyAdd<f32>(p, r, all(1.1676998740e-1));
  p = multiplyAdd<f32>(p, r, all(-1.2420140846e-1));
  p = multiplyAdd<f32>(p, r, all(1.4249322787e-1));
  p = multiplyAdd<f32>(p, r, all(-1.6668057665e-1));
  p = multiplyAdd<f32>(p, r, all(2.0000714765e-1));
  p = multiplyAdd<f32>(p, r, all(-2.4999993993e-1));
  p = multiplyAdd<f32>(p, r, all(3.3333331174e-1));
  let result = multiplyAdd<f32>(f32x4.mul(p, r), z, f32x4.mul(n, all(-2.12194440e-4)));
  result = f32x4.add(r, f32x4.sub(result, f32x4.mul(z, all(0.5))));
  result = f32x4.add(result, f32x4.mul(n, all(0.693359375)));
  // Infinity and NaN stay; of 0 it is -infinity, of what is less, NaN.
  result = v128.bitselect(result, x, f32x4.lt(x, all(Infinity)));
  result = v128.bitselect(all(-Infinity), result, f32x4.eq(x, all(0)));
  return v128.or(result, f32x4.lt(x, all(0)));
}

const EXPONENTIAL: i32 = 0;
const SIGMOID: i32 = 1;
const TANGENT: i32 = 2;
const LOGARITHM: i32 = 3;

// @ts-ignore: decorator
@inline
function value(kind: i32, x: v128): v128 {
  if (kind == EXPONENTIAL) return exponential(x);
  if (kind == LOGARITHM) return logarithm(x);
  return kind == SIGMOID ? sigmoid(x) : hyperbolicTangent(x);
}

/** to[i] = the function of from[i] for `count` numbers; the two may be the same memory. */
// @ts-ignore: decorator
@inline
function map(kind: i32, from: usize, to: usize, count: i32): void {
  for (; count >= 4; count -= 4, from += 16, to += 16) v128.store(to, value(kind, v128.load(from)));
  for (; count > 0; count--, from += 4, to += 4) v128.store32_lane(to, value(kind, v128.load32_splat(from)), 0);
}

// @ts-ignore: decorator
@inline
function ofArrays(kind: i32, x: usize, out: usize): bool {
  if (!isFloat(x) || !isFloat(out) || !isWriteable(out) || elements(x) != elements(out)) return false;
  if (isDense(x) && isDense(out)) {
    map(kind, data(x), data(out), elements(x));
    return true;
  }
  if (!hasDenseRows(x) || !hasDenseRows(out) || size(x, 1) != size(out, 1)) return false;
  for (let row = 0; row < size(x, 0); row++) {
    map(kind, data(x) + row * stride(x, 0), data(out) + row * stride(out, 0), size(x, 1));
  }
  return true;
}

/** Whether it is a matrix whose rows are each on end. */
function hasDenseRows(array: usize): bool {
  return rank(array) == 2 && stride(array, 1) == 4;
}

export function exp(x: usize, out: usize): bool {
  return ofArrays(EXPONENTIAL, x, out);
}

export function log(x: usize, out: usize): bool {
  return ofArrays(LOGARITHM, x, out);
}

export function logistic(x: usize, out: usize): bool {
  return ofArrays(SIGMOID, x, out);
}

export function tanh(x: usize, out: usize): bool {
  return ofArrays(TANGENT, x, out);
}

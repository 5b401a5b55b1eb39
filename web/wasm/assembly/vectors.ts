// What the kernels say of vectors of 128 bits, the same for float and double.

/** Whether this is the build for browsers that multiply and add in one instruction. */
export const FUSED = ASC_FEATURE_RELAXED_SIMD;

// @ts-ignore: decorator
@inline
export function zero(): v128 {
  return i64x2.splat(0);
}

/** a * b + c. */
// @ts-ignore: decorator
@inline
export function multiplyAdd<T>(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

// exp to the last digits, NaN for NaN; WGSL's own may be off by 1e-5 for large x, and takes NaN for a number.
fn exponential(x: f32) -> f32 {
    let bounded = clamp(x, -104.0, 89.0);
    let n = round(bounded * 1.442695);
    let r = (bounded - n * 0.693359375) + n * 2.1219444e-4;
    let tail = 0.041666667 + r * (0.0083333333 + r * (0.0013888889 + r * 1.984127e-4));
    let p = 1.0 + (r + r * r * (0.5 + r * (0.16666667 + r * tail)));
    let half = i32(n) / 2;
    let rest = i32(n) - half;
    let scaled = p * bitcast<f32>(u32(half + 127) << 23u) * bitcast<f32>(u32(rest + 127) << 23u);
    return select(scaled, x, is_nan(x));
}

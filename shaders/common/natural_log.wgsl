// The natural logarithm to the last digits everywhere; WGSL's own may be off by 5e-7 near 1, where it is close to 0.
fn natural_log(x: f32) -> f32 {
    if (is_nan(x) || x < 0.0) { return not_a_number(); }
    if (x == 0.0) { return -infinity(); }
    if (is_infinite(x)) { return x; }
    let is_tiny = x < 1.17549435e-38;
    let bits = bitcast<u32>(select(x, x * 8388608.0, is_tiny)) - 0x3f3504f3u; // of the root of 1/2
    let exponent = f32(i32(bits) >> 23u) - select(0.0, 23.0, is_tiny);
    let f = bitcast<f32>((bits & 0x7fffffu) + 0x3f3504f3u) - 1.0;
    return exponent * 0.693115234375 + (log1p_near_zero(f) + exponent * 3.19461833e-5);
}

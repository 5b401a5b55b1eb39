// The number next to x in the direction of y.
fn next_after(x: f32, y: f32) -> f32 {
    if (is_nan(x) || is_nan(y)) { return not_a_number(); }
    if (x == y) { return y; }
    if (x == 0.0) { return bitcast<f32>(1u | (bitcast<u32>(y) & 0x80000000u)); }
    let away = (y > x) == (x > 0.0);
    return bitcast<f32>(select(bitcast<u32>(x) - 1u, bitcast<u32>(x) + 1u, away));
}

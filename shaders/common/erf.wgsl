// The error function.
fn erf(x: f32) -> f32 {
    if (abs(x) < 1.0) { return erf_near_zero(x); }
    let y = 1.0 - erfc(abs(x));
    return select(y, -y, x < 0.0);
}

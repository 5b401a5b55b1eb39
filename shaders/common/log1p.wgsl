// log(1 + x), exact for small x too.
fn log1p(x: f32) -> f32 {
    if (x > -0.29 && x < 0.41) { return log1p_near_zero(x); }
    return natural_log(1.0 + x);
}

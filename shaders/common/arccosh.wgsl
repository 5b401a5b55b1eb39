// The inverse of cosh; NaN below 1.
fn arccosh(x: f32) -> f32 {
    if (x < 1.0) { return not_a_number(); }
    if (x > 1e9) { return natural_log(x) + 0.69314718; }
    let t = x - 1.0;
    return log1p(t + sqrt(t * (t + 2.0)));
}

// The inverse of tanh; NaN outside of -1 to 1.
fn arctanh(x: f32) -> f32 {
    let a = abs(x);
    if (a == 1.0) { return select(infinity(), -infinity(), x < 0.0); }
    let y = 0.5 * log1p(2.0 * a / (1.0 - a));
    return select(y, -y, x < 0.0);
}

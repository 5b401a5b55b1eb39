// The inverse of the sine, from -pi/2 to pi/2; NaN where |x| > 1.
fn arcsin(x: f32) -> f32 {
    let a = abs(x);
    if (a <= 0.5) { return arcsin_near_zero(x); }
    if (!(a <= 1.0)) { return not_a_number(); }
    let y = 1.5707963 - 2.0 * arcsin_near_zero(sqrt(0.5 - 0.5 * a));
    return select(y, -y, x < 0.0);
}

// The inverse of the cosine, from 0 to pi; NaN where |x| > 1.
fn arccos(x: f32) -> f32 {
    let a = abs(x);
    if (a <= 0.5) { return 1.5707963 - arcsin_near_zero(x); }
    if (!(a <= 1.0)) { return not_a_number(); }
    let y = 2.0 * arcsin_near_zero(sqrt(0.5 - 0.5 * a));
    return select(y, 3.1415927 - y, x < 0.0);
}

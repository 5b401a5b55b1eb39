// The logarithm of the gamma function's absolute value.
fn lgamma(x: f32) -> f32 {
    if (is_infinite(x)) { return infinity(); }
    if (x <= 0.0) {
        if (floor(x) == x) { return infinity(); }
        let fraction = x - round(x);
        let sine = sine_cosine(3.1415927 * fraction).x;
        return natural_log(3.1415927 / abs(x * sine)) - positive_lgamma(-x);
    }
    return positive_lgamma(x);
}

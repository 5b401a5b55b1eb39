// exp(-|x|) times the modified Bessel function of the first kind of order 0 or 1: near 0 its series, far off the
// asymptotic one (Abramowitz, Stegun, "Handbook of Mathematical Functions", 9.6.10 and 9.7.1).
fn scaled_bessel(order: f32, x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    let a = abs(x);
    var term = 1.0;
    var sum = 1.0;
    if (a <= 9.0) {
        for (var k = 1.0; k < 32.0; k += 1.0) {
            term *= 0.25 * a * a / (k * (k + order));
            sum += term;
        }
        sum *= exponential(-a) * select(1.0, 0.5 * a, order == 1.0);
    } else {
        for (var k = 1.0; k < 14.0; k += 1.0) {
            let odd = 2.0 * k - 1.0;
            term *= (odd * odd - 4.0 * order) / (8.0 * k * a);
            sum += term;
        }
        sum *= inverseSqrt(a) * 0.39894228;
    }
    return select(sum, -sum, order == 1.0 && x < 0.0);
}

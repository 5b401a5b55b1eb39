// log(gamma(x)) for x > 0: between 1 and 2.5 a polynomial with the zeros at 1 and 2, above it Stirling's series.
fn positive_lgamma(x: f32) -> f32 {
    var y = x;
    var shift = 0.0;
    if (y < 1.0) {
        shift = -natural_log(y);
        y += 1.0;
    } else if (y > 2.5 && y < 8.0) {
        var product = 1.0;
        while (y > 2.5) {
            y -= 1.0;
            product *= y;
        }
        shift = natural_log(product);
    }
    if (y > 2.5) {
        let inverse = 1.0 / y;
        let z = inverse * inverse;
        let series = inverse * (0.083333333 + z * (-0.0027777778 + z * 7.9365079e-4));
        return (y - 0.5) * natural_log(y) - y + 0.91893853 + series;
    }
    let u = y - 1.75;
    let end = 4.6110206e-4 + u * (-4.4894865e-4 + u * 2.5751308e-4);
    let tail = 0.008772022 + u * (-0.004252645 + u * (0.0021239999 + u * (-9.580136e-4 + u * end)));
    let p = 0.4501393 + u * (-0.11948167 + u * (0.04452069 + u * (-0.019051226 + u * tail)));
    return shift + (y - 1.0) * (y - 2.0) * p;
}

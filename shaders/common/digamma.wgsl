// The derivative of lgamma; NaN where that has poles, but -inf at 0.
fn digamma(x: f32) -> f32 {
    var y = x;
    var sum = 0.0;
    if (x <= 0.0) {
        if (x == 0.0) { return select(-infinity(), infinity(), bitcast<u32>(x) >> 31u == 1u); }
        let fraction = x - round(x);
        if (fraction == 0.0) { return not_a_number(); }
        let angle = sine_cosine(3.1415927 * fraction);
        sum = -3.1415927 * angle.y / angle.x;
        y = 1.0 - x;
    }
    while (y < 6.0) {
        sum -= 1.0 / y;
        y += 1.0;
    }
    let inverse = 1.0 / y;
    let z = inverse * inverse;
    let series = z * (0.083333333 + z * (-0.0083333333 + z * (0.003968254 + z * -0.0041666667)));
    return sum + (natural_log(y) - 0.5 * inverse - series);
}

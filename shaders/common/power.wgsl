// x to the power of y, of negative x too if y is whole.
fn power(x: f32, y: f32) -> f32 {
    if (y == 0.0 || x == 1.0) { return 1.0; }
    if (is_nan(x) || is_nan(y)) { return not_a_number(); }
    let a = abs(x);
    let is_whole = floor(y) == y;
    let is_odd = is_whole && abs(y) < 16777216.0 && (i32(y) & 1) == 1;
    var result = 1.0;
    if (is_whole && abs(y) <= 8.0) {
        for (var n = abs(y); n > 0.5; n -= 1.0) { result *= a; }
        if (y < 0.0) { result = 1.0 / result; }
    } else if (a != 1.0) {
        result = exponential(y * natural_log(a));
    }
    if (bitcast<u32>(x) >> 31u == 0u) { return result; }
    if (!is_whole && a != 0.0 && !is_infinite(a)) { return not_a_number(); }
    return select(result, -result, is_odd);
}

// What remains of x after division by y rounded towards zero, exactly: multiples of y by powers of two are taken away.
fn fmod(x: f32, y: f32) -> f32 {
    if (is_nan(x) || is_nan(y) || is_infinite(x) || y == 0.0) { return not_a_number(); }
    var a = abs(x);
    let b = abs(y);
    if (a < b) { return x; }
    let difference = i32(bitcast<u32>(a) >> 23u) - i32(bitcast<u32>(b) >> 23u);
    for (var k = difference; k >= 0; k--) {
        let half = k / 2;
        let multiple = b * bitcast<f32>(u32(half + 127) << 23u) * bitcast<f32>(u32(k - half + 127) << 23u);
        if (a >= multiple) { a -= multiple; }
    }
    return select(a, -a, x < 0.0);
}

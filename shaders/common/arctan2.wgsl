// The angle of the point (x, y) with the positive x axis, from -pi to pi; signs of zeros count.
fn arctan2(y: f32, x: f32) -> f32 {
    if (is_nan(x) || is_nan(y)) { return not_a_number(); }
    let is_left = bitcast<u32>(x) >> 31u == 1u;
    let a = abs(x);
    let b = abs(y);
    var angle = 0.0;
    if (a == b) {
        angle = select(0.78539816, 0.0, a == 0.0);
    } else if (a > b) {
        angle = arctan(b / a);
    } else {
        angle = 1.5707963 - arctan(a / b);
    }
    angle = select(angle, 3.1415927 - angle, is_left);
    return select(angle, -angle, bitcast<u32>(y) >> 31u == 1u);
}

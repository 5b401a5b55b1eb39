// The inverse of the tangent, from -pi/2 to pi/2; to 1e-7, where WGSL's own may be off by 1e-3.
fn arctan(x: f32) -> f32 {
    let a = abs(x);
    var start = 0.0;
    var t = a;
    if (a > 2.4142136) {
        start = 1.5707963;
        t = -1.0 / a;
    } else if (a > 0.41421356) {
        start = 0.78539816;
        t = (a - 1.0) / (a + 1.0);
    }
    let z = t * t;
    let y = start + (t + t * z * (-0.33332956 + z * (0.19977926 + z * (-0.13879842 + z * 0.08060285))));
    return select(y, -y, x < 0.0);
}

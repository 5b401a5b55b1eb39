// x less the nearest multiple of pi/2, and of which quadrant that is (0 to 3).
fn reduced_angle(x: f32) -> vec2f {
    if (!(abs(x) < 4096.0)) { return reduced_large_angle(x); }
    let n = round(x * 0.63661977);
    // pi/2 in three parts, of which the first two times n are exact.
    let rest = ((x - n * 1.5703125) - n * 4.8398972e-4) + n * 1.6292068e-7;
    return vec2f(rest, n - 4.0 * floor(n * 0.25));
}

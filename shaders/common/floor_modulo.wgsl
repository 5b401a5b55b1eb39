// What remains of x after division by y rounded down; it has the sign of y.
fn floor_modulo(x: f32, y: f32) -> f32 {
    let rest = fmod(x, y);
    if (rest == 0.0) { return select(0.0, -0.0, y < 0.0); }
    return select(rest, rest + y, (rest < 0.0) != (y < 0.0));
}

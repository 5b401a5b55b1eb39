// x / y rounded down; a whole quotient stays so, though a division may be off in the last digit.
fn floor_quotient(x: f32, y: f32) -> f32 {
    let quotient = x / y;
    if (quotient == 0.0 && x != 0.0 && !is_infinite(y)) { return select(0.0, -1.0, (x < 0.0) != (y < 0.0)); }
    let nearest = round(quotient);
    return select(floor(quotient), nearest, nearest * y == x);
}

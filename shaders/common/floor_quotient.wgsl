// x / y rounded down; a whole quotient stays so, though a division may be off in the last digit.
fn floor_quotient(x: f32, y: f32) -> f32 {
    let quotient = x / y;
    let nearest = round(quotient);
    return select(floor(quotient), nearest, nearest * y == x);
}

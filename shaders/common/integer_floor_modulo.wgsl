// What remains of x after division by y rounded down; it has the sign of y.
fn integer_floor_modulo(x: i32, y: i32) -> i32 {
    let rest = x % y;
    return rest + select(0, y, rest != 0 && (rest < 0) != (y < 0));
}

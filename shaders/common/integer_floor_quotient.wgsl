// x / y rounded down.
fn integer_floor_quotient(x: i32, y: i32) -> i32 {
    return x / y - select(0, 1, x % y != 0 && (x < 0) != (y < 0));
}

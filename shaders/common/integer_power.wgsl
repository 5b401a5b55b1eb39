// x to the power of y >= 0, modulo 2^32.
fn integer_power(x: i32, y: i32) -> i32 {
    var result = 1;
    var square = x;
    for (var n = y; n > 0; n >>= 1u) {
        if ((n & 1) == 1) { result *= square; }
        square *= square;
    }
    return result;
}

// Whether x is not a number; by its bits, since a compiler may take `x != x` for false.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

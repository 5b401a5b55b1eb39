// `reduced_angle` of large numbers: x 2/pi modulo 4 in integers, with as many bits of 2/pi as it takes.
// Source: Payne, Hanek, "Radian reduction for trigonometric functions" (1983).
fn reduced_large_angle(x: f32) -> vec2f {
    let bits = bitcast<u32>(x);
    let exponent = (bits >> 23u) & 0xffu;
    if (exponent == 0xffu) { return vec2f(not_a_number(), 0.0); }
    // The bits of 2/pi behind 32 zeros.
    var words = array<u32, 8>(
        0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu);
    let first = exponent - 120u; // the bit of which a mantissa's multiple is worth 2 to 4
    let word = first / 32u;
    let shift = first % 32u;
    var parts = array<u32, 3>();
    for (var k = 0u; k < 3u; k++) {
        let next = select(0u, (words[word + k + 1u] >> (31u - shift)) >> 1u, shift > 0u);
        parts[k] = (words[word + k] << shift) | next;
    }
    let mantissa = (bits & 0x7fffffu) | 0x800000u;
    let low = mantissa * parts[1] + multiply_high(mantissa, parts[2]);
    let carry = select(0u, 1u, low < mantissa * parts[1]);
    let high = mantissa * parts[0] + multiply_high(mantissa, parts[1]) + carry;
    let quadrant = (high + 0x20000000u) >> 30u;
    let rest = f32(bitcast<i32>(high - (quadrant << 30u))) * 9.3132257e-10 + f32(low) * 2.1684043e-19;
    let angle = rest * 1.5707963;
    if (bits >> 31u == 1u) { return vec2f(-angle, f32((4u - quadrant) & 3u)); }
    return vec2f(angle, f32(quadrant & 3u));
}

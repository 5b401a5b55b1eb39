// The sine and the cosine, to 1e-7 for angles of any size, where WGSL's own may be off by 5e-4.
fn sine_cosine(x: f32) -> vec2f {
    let reduced = reduced_angle(x);
    let r = reduced.x;
    let z = r * r;
    let sine = r + r * z * (-0.16666654 + z * (0.0083321314 + z * -1.9510869e-4));
    let cosine = 1.0 - 0.5 * z + z * z * (0.041666646 + z * (-0.0013887306 + z * 2.4431236e-5));
    let quadrant = u32(reduced.y) & 3u;
    let turned = select(vec2f(sine, cosine), vec2f(cosine, -sine), (quadrant & 1u) == 1u);
    return select(turned, -turned, (quadrant & 2u) == 2u);
}

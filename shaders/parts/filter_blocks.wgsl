// Four places of a row of dy at a time, of what `a_line` and `b_line` have of each.

// Four places at four taps, or channels of a tap: column i is tap i.
fn a4(t: Tap, at: Line, column: u32) -> mat4x4f {
    return transpose(mat4x4f(a_line(t, at, column), a_line(t, at, column + 1u), a_line(t, at, column + 2u),
        a_line(t, at, column + 3u)));
}

// Four channels of dy at four places: column i is place i.
fn b4(place: u32, column: u32) -> mat4x4f {
    return mat4x4f(b_line(place, column), b_line(place + 1u, column), b_line(place + 2u, column),
        b_line(place + 3u, column));
}

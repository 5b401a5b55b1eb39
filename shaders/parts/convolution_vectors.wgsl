// The operands of a convolution, in vectors of four, as blocks of four by four.

@group(0) @binding(0) var<storage, read> x: array<vec4<T>>;
@group(0) @binding(1) var<storage, read> filters: array<vec4<T>>;

fn x4(at: i32, channel: u32) -> vec4f {
    return select(vec4f(), vec4f(x[(u32(max(at, 0)) + channel) / 4u]), at >= 0);
}

// Four places at four channels of x: column i is place i.
fn a4(at: vec4i, channel: u32) -> mat4x4f {
    return mat4x4f(x4(at.x, channel), x4(at.y, channel), x4(at.z, channel), x4(at.w, channel));
}

// The filter's row and column `tap` from four channels of x to four of C: column i is channel i of x.
fn b4(tap: u32, channel: u32, column: u32) -> mat4x4f {
    let inside = min(column, N - 4u);
    if TO_INPUT {
        let at = (tap * N + inside) * DEPTH + channel;
        return transpose(mat4x4f(vec4f(filters[at / 4u]), vec4f(filters[(at + DEPTH) / 4u]),
            vec4f(filters[(at + 2u * DEPTH) / 4u]), vec4f(filters[(at + 3u * DEPTH) / 4u])));
    }
    let at = (tap * DEPTH + channel) * N + inside;
    return mat4x4f(vec4f(filters[at / 4u]), vec4f(filters[(at + N) / 4u]), vec4f(filters[(at + 2u * N) / 4u]),
        vec4f(filters[(at + 3u * N) / 4u]));
}

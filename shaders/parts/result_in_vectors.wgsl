// Where a block of the result C goes: M rows of N columns, a multiple of 4, in vectors of four.

alias R = f32;  // of what is stored in C

@group(0) @binding(2) var<storage, read_write> c: array<vec4<R>>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: R, column: u32) -> R { return v; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: vec4<R>) { c[at] = v; }

// Stores four rows, the columns of `block`, in the matrix that starts at `start`, without what is beyond its end.
fn put(start: u32, row: u32, column: u32, block: mat4x4f) {
    if column >= N { return; }
    for (var i = 0u; i < min(4u, M - min(row, M)); i++) {
        let v = vec4<R>(block[i]);
        store_result((start + (row + i) * N + column) / 4u, vec4<R>(epilogue(v.x, column), epilogue(v.y, column + 1u),
            epilogue(v.z, column + 2u), epilogue(v.w, column + 3u)));
    }
}

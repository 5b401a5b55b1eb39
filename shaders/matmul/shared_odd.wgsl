// As shared.wgsl, for any sizes: reads and writes single elements where that one has vectors of four.
//
// overrides   as there
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// workgroups  SPLITS · BATCH · ceil(M / 64) · ceil(N / 64), flat

// include parts/product.wgsl
// include parts/result_in_elements.wgsl
// include parts/product_tile_main.wgsl

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;

// Beyond K both are 0, since 0 · NaN would be NaN.
fn a_row(start: u32, row: u32, k: u32) -> vec4f {
    let at = start + min(row, M - 1u) * select(K, 1u, TRANSPOSE_A);
    let stride = select(1u, M, TRANSPOSE_A);
    let last = K - 1u;
    let v = vec4f(f32(a[at + min(k, last) * stride]), f32(a[at + min(k + 1u, last) * stride]),
        f32(a[at + min(k + 2u, last) * stride]), f32(a[at + min(k + 3u, last) * stride]));
    return select(vec4f(), v, k + vec4u(0, 1, 2, 3) < vec4u(K));
}

fn b_row(start: u32, k: u32, column: u32) -> vec4f {
    if k >= K { return vec4f(); }
    let at = start + k * select(N, 1u, TRANSPOSE_B);
    let stride = select(1u, K, TRANSPOSE_B);
    let last = N - 1u;
    return vec4f(f32(b[at + min(column, last) * stride]), f32(b[at + min(column + 1u, last) * stride]),
        f32(b[at + min(column + 2u, last) * stride]), f32(b[at + min(column + 3u, last) * stride]));
}

fn a4(start: u32, row: u32, k: u32) -> mat4x4f {
    return mat4x4f(a_row(start, row, k), a_row(start, row + 1u, k), a_row(start, row + 2u, k),
        a_row(start, row + 3u, k));
}

fn b4(start: u32, k: u32, column: u32) -> mat4x4f {
    return mat4x4f(b_row(start, k, column), b_row(start, k + 1u, column), b_row(start, k + 2u, column),
        b_row(start, k + 3u, column));
}

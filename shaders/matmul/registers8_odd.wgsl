// As registers8.wgsl, for any sizes: reads and writes single elements where that one has vectors of four.
//
// overrides   as there
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// workgroups  SPLITS · BATCH · ceil(M / (8 · WG_ROWS)) · ceil(N / 64), flat

// include parts/product.wgsl
// include parts/result_in_elements.wgsl
// include parts/block8.wgsl
// include parts/product_blocks.wgsl

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;

// Four elements of a line of A or B, `stride` apart; beyond its end the last one again.
fn a_line(at: u32, row: u32) -> vec4f {
    let stride = select(K, 1u, TRANSPOSE_A);
    let last = M - 1u;
    return vec4f(f32(a[at + min(row, last) * stride]), f32(a[at + min(row + 1u, last) * stride]),
        f32(a[at + min(row + 2u, last) * stride]), f32(a[at + min(row + 3u, last) * stride]));
}

fn b_line(at: u32, column: u32) -> vec4f {
    let stride = select(1u, K, TRANSPOSE_B);
    let last = N - 1u;
    return vec4f(f32(b[at + min(column, last) * stride]), f32(b[at + min(column + 1u, last) * stride]),
        f32(b[at + min(column + 2u, last) * stride]), f32(b[at + min(column + 3u, last) * stride]));
}

@compute @workgroup_size(8, WG_ROWS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) local: vec3u) {
    let p = place(group.x + group.y * groups.x, local);
    if is_outside(p) { return; }
    let start_a = p.batch * STRIDE_A;
    let start_b = p.batch * STRIDE_B;
    for (var k = p.k; k < p.end; k += 1u) {
        let at_a = start_a + k * select(1u, M, TRANSPOSE_A);
        let at_b = start_b + k * select(N, 1u, TRANSPOSE_B);
        let a0 = a_line(at_a, p.row);
        let a1 = a_line(at_a, p.row + 4u);
        let b0 = b_line(at_b, p.column);
        let b1 = b_line(at_b, p.column + 4u);
        s00 += outer(b0, a0); s01 += outer(b1, a0);
        s10 += outer(b0, a1); s11 += outer(b1, a1);
    }
    put_block(p.out, p.row, p.column);
}

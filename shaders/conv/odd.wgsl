// As registers8.wgsl, for any sizes: reads and writes single elements where that one has vectors of four.
//
// overrides   as there
// bindings    as there
// workgroups  ceil(ceil(BATCH · ROWS · COLUMNS / 8) · ceil(N / 8) / 32), flat

// include parts/convolution.wgsl
// include parts/result_in_elements.wgsl
// include parts/block8.wgsl

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read> filters: array<T>;

// A channel of x at four places.
fn a_line(at: vec4i, channel: u32) -> vec4f {
    let i = vec4u(max(at, vec4i())) + channel;
    return select(vec4f(), vec4f(f32(x[i.x]), f32(x[i.y]), f32(x[i.z]), f32(x[i.w])), at >= vec4i());
}

// The filter's row and column `tap` from a channel of x to four of C.
fn b_line(tap: u32, channel: u32, column: u32) -> vec4f {
    let n = min(column + vec4u(0, 1, 2, 3), vec4u(N - 1u));
    let at = select((tap * DEPTH + channel) * N + n, (tap * N + n) * DEPTH + channel, vec4<bool>(TO_INPUT));
    return vec4f(f32(filters[at.x]), f32(filters[at.y]), f32(filters[at.z]), f32(filters[at.w]));
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let block = (group.x + group.y * groups.x) * 32u + local;
    let across = (N + BLOCK - 1u) / BLOCK;
    let row = block / across * BLOCK;
    let column = block % across * BLOCK;
    if row >= M { return; }
    let places0 = places(row);
    let places1 = places(row + 4u);
    for (var tap = 0u; tap < KERNEL_ROWS * KERNEL_COLUMNS; tap++) {
        let at0 = taps(places0, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        let at1 = taps(places1, tap / KERNEL_COLUMNS, tap % KERNEL_COLUMNS);
        for (var channel = 0u; channel < DEPTH; channel++) {
            let a0 = a_line(at0, channel);
            let a1 = a_line(at1, channel);
            let b0 = b_line(tap, channel, column);
            let b1 = b_line(tap, channel, column + 4u);
            s00 += outer(b0, a0); s01 += outer(b1, a0);
            s10 += outer(b0, a1); s11 += outer(b1, a1);
        }
    }
    put_block(0u, row, column);
}

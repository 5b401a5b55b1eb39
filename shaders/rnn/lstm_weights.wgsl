// The gradients of an LSTM layer's w and b, as one product over all steps and rows: that of the rows (x, the h before,
// 1) with the gradients of the gates' sums. Each invocation sums a block of 8 × 8 in registers.
//
// overrides   TIME, BATCH, CELLS, INPUTS
// bindings    0: x [TIME, BATCH, INPUTS], 1: h [TIME, BATCH, CELLS], 2: the h before, 3: the gradient of the sums,
//             4: that of w [INPUTS + CELLS, 4 · CELLS], 5: that of b
// workgroups  ceil(ceil((INPUTS + CELLS + 1) / 8) · ceil(CELLS / 2) / 32), flat

override TIME: u32 = 2;
override BATCH: u32 = 4;
override CELLS: u32 = 4;
override INPUTS: u32 = 4;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> h: array<f32>;
@group(0) @binding(2) var<storage, read> h_before: array<f32>;
@group(0) @binding(3) var<storage, read> sums_grad: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> w_grad: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> b_grad: array<vec4f>;

var<private> s00: mat4x4f; var<private> s01: mat4x4f;
var<private> s10: mat4x4f; var<private> s11: mat4x4f;

fn element(row: u32, k: u32) -> f32 {
    if row < INPUTS { return x[k * INPUTS + row]; }
    if row >= INPUTS + CELLS { return 1.0; }
    let unit = row - INPUTS;
    if k < BATCH { return h_before[k * CELLS + unit]; }
    return h[(k - BATCH) * CELLS + unit];
}

fn x_line(row: u32, k: u32) -> vec4f {
    let at = k * INPUTS + row;
    return vec4f(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
}

fn h_line(row: u32, k: u32) -> vec4f {
    let at = (k - BATCH) * CELLS + row - INPUTS;
    return vec4f(h[at], h[at + 1u], h[at + 2u], h[at + 3u]);
}

fn any_line(row: u32, k: u32) -> vec4f {
    return vec4f(element(row, k), element(row + 1u, k), element(row + 2u, k), element(row + 3u, k));
}

fn accumulate(a0: vec4f, a1: vec4f, b0: vec4f, b1: vec4f) {
    s00 += outer(b0, a0); s01 += outer(b1, a0);
    s10 += outer(b0, a1); s11 += outer(b1, a1);
}

fn put(row: u32, column: u32, block: mat4x4f) {
    if column >= CELLS { return; }  // columns are counted in vectors of four
    for (var i = 0u; i < 4u; i++) {
        if row + i < INPUTS + CELLS { w_grad[(row + i) * CELLS + column] = block[i]; }
        if row + i == INPUTS + CELLS { b_grad[column] = block[i]; }
    }
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let block = (group.x + group.y * groups.x) * 32u + local;
    let across = (CELLS + 1u) / 2u;
    let row = block / across * 8u;
    let column = block % across * 2u;
    if row > INPUTS + CELLS { return; }
    let beside = min(column + 1u, CELLS - 1u);
    // Loops, not branches: software adapters go through both sides of a branch.
    let is_of_x = row + 7u < INPUTS;
    let is_of_h = row >= INPUTS && row + 7u < INPUTS + CELLS;
    for (var k = 0u; k < select(0u, TIME * BATCH, is_of_x); k++) {
        accumulate(x_line(row, k), x_line(row + 4u, k), sums_grad[k * CELLS + column], sums_grad[k * CELLS + beside]);
    }
    for (var k = BATCH; k < select(0u, TIME * BATCH, is_of_h); k++) {
        accumulate(h_line(row, k), h_line(row + 4u, k), sums_grad[k * CELLS + column], sums_grad[k * CELLS + beside]);
    }
    for (var k = 0u; k < select(select(TIME * BATCH, BATCH, is_of_h), 0u, is_of_x); k++) {
        let b0 = sums_grad[k * CELLS + column];
        accumulate(any_line(row, k), any_line(row + 4u, k), b0, sums_grad[k * CELLS + beside]);
    }
    put(row, column, s00); put(row, column + 1u, s01);
    put(row + 4u, column, s10); put(row + 4u, column + 1u, s11);
}

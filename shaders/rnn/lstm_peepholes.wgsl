// Peepholes among the factors of lstm_factors.wgsl: what the gradients of cs and of the cs before get through the gates.
//
// overrides   ROWS: TIME · BATCH; CELLS
// bindings    0, 1, 2: the peepholes of i, of f and of o [CELLS], 3: factors [ROWS, 6, CELLS], changed in place
// workgroups  ceil(ROWS · CELLS / 64), flat

override ROWS: u32 = 8;
override CELLS: u32 = 4;

@group(0) @binding(0) var<storage, read> wci: array<f32>;
@group(0) @binding(1) var<storage, read> wcf: array<f32>;
@group(0) @binding(2) var<storage, read> wco: array<f32>;
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let at = (group.x + group.y * groups.x) * 64u + local;
    if at >= ROWS * CELLS { return; }
    let j = at % CELLS;
    let to = at / CELLS * 6u * CELLS + j;
    factors[to + CELLS] += factors[to] * wco[j];
    factors[to + 2u * CELLS] += factors[to + 3u * CELLS] * wci[j] + factors[to + 5u * CELLS] * wcf[j];
}

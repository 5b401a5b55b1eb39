// What lstm.wgsl leaves side by side, in arrays of their own; and co = tanh(cs).
//
// overrides   ROWS: TIME · BATCH; CELLS
// bindings    0: i, ci, f, o [ROWS, 4 · CELLS], 1: cs, 2: i, 3: ci, 4: f, 5: o, 6: co [ROWS, CELLS]
// workgroups  ceil(ROWS · CELLS / 64), flat

override ROWS: u32 = 8;
override CELLS: u32 = 4;

@group(0) @binding(0) var<storage, read> gates: array<f32>;
@group(0) @binding(1) var<storage, read> cs: array<f32>;
@group(0) @binding(2) var<storage, read_write> i: array<f32>;
@group(0) @binding(3) var<storage, read_write> ci: array<f32>;
@group(0) @binding(4) var<storage, read_write> f: array<f32>;
@group(0) @binding(5) var<storage, read_write> o: array<f32>;
@group(0) @binding(6) var<storage, read_write> co: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let at = (group.x + group.y * groups.x) * 64u + local;
    if at >= ROWS * CELLS { return; }
    let gate = at / CELLS * 4u * CELLS + at % CELLS;
    i[at] = gates[gate];
    ci[at] = gates[gate + CELLS];
    f[at] = gates[gate + 2u * CELLS];
    o[at] = gates[gate + 3u * CELLS];
    let c = cs[at];
    co[at] = select(tanh(clamp(c, -20.0, 20.0)), c, (bitcast<u32>(c) & 0x7fffffffu) > 0x7f800000u);
}

// What the gradients of an LSTM's h and cs are multiplied with on their way to the gates, for all steps at once: side
// by side the factors from h to o and to cs, from cs to the cs before, to i, to ci and to f.
//
// overrides   TIME, BATCH, CELLS
// bindings    0: i, 1: cs, 2: f, 3: o, 4: ci, 5: co [TIME, BATCH, CELLS], 6: the cs before [BATCH, CELLS],
//             7: factors [TIME, BATCH, 6, CELLS]
// workgroups  ceil(TIME · BATCH · CELLS / 64), flat

override TIME: u32 = 2;
override BATCH: u32 = 4;
override CELLS: u32 = 4;

@group(0) @binding(0) var<storage, read> i: array<f32>;
@group(0) @binding(1) var<storage, read> cs: array<f32>;
@group(0) @binding(2) var<storage, read> f: array<f32>;
@group(0) @binding(3) var<storage, read> o: array<f32>;
@group(0) @binding(4) var<storage, read> ci: array<f32>;
@group(0) @binding(5) var<storage, read> co: array<f32>;
@group(0) @binding(6) var<storage, read> cs_before: array<f32>;
@group(0) @binding(7) var<storage, read_write> factors: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let at = (group.x + group.y * groups.x) * 64u + local;
    let step = BATCH * CELLS;
    if at >= TIME * step { return; }
    var before = cs_before[at % step];
    if at >= step { before = cs[at - step]; }
    let to = at / CELLS * 6u * CELLS + at % CELLS;
    factors[to] = co[at] * o[at] * (1.0 - o[at]);
    factors[to + CELLS] = o[at] * (1.0 - co[at] * co[at]);
    factors[to + 2u * CELLS] = f[at];
    factors[to + 3u * CELLS] = ci[at] * i[at] * (1.0 - i[at]);
    factors[to + 4u * CELLS] = i[at] * (1.0 - ci[at] * ci[at]);
    factors[to + 5u * CELLS] = before * f[at] * (1.0 - f[at]);
}

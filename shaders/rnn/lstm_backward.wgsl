// All steps of an LSTM layer backwards in one dispatch: the gradients of the gates' sums. As in lstm.wgsl a workgroup
// owns four rows of the batch; the gradients of a step's gates lie in shared memory.
//
// overrides   TIME, BATCH, CELLS, INPUTS, AT_…: as in lstm.wgsl
// bindings    0: factors of lstm_factors.wgsl, 1: w, 2: the gradient of cs, 3: that of h, 4: how many steps there are,
//             5: the gradient of the sums [TIME, BATCH, 4 · CELLS], 6: that of the cs before, 7: of the h before
// workgroups  ceil(BATCH / 4), flat

override TIME: u32 = 2;
override BATCH: u32 = 4;
override CELLS: u32 = 4;
override INPUTS: u32 = 4;
override AT_I: u32 = 0;
override AT_CI: u32 = 1;
override AT_F: u32 = 2;
override AT_O: u32 = 3;

@group(0) @binding(0) var<storage, read> factors: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> cs_grad: array<f32>;
@group(0) @binding(3) var<storage, read> h_grad: array<f32>;
@group(0) @binding(4) var<storage, read> steps: array<i32>;
@group(0) @binding(5) var<storage, read_write> sums_grad: array<f32>;
@group(0) @binding(6) var<storage, read_write> cs_before_grad: array<f32>;  // on the way: that of the cs of this step
@group(0) @binding(7) var<storage, read_write> h_before_grad: array<f32>;  // and of its h

var<workgroup> of_gates: array<vec4f, 4 * CELLS>;

fn factor(rows: vec4u, column: u32) -> vec4f {
    let at = rows * (6u * CELLS) + column;
    return vec4f(factors[at.x], factors[at.y], factors[at.z], factors[at.w]);
}

fn put_gate(place: u32, rows: u32, column: u32, v: vec4f) {
    of_gates[column] = v;
    for (var r = 0u; r < rows; r++) { sums_grad[(place + r) * 4u * CELLS + column] = v[r]; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let first = (group.x + group.y * groups.x) * 4u;
    if first >= BATCH { return; }
    let rows = min(4u, BATCH - first);  // others are computed like the last, and not stored
    let batch = min(first + vec4u(0, 1, 2, 3), vec4u(BATCH - 1u));
    for (var j = local; j < CELLS; j += 64u) {
        for (var r = 0u; r < rows; r++) {
            cs_before_grad[(first + r) * CELLS + j] = 0.0;
            h_before_grad[(first + r) * CELLS + j] = 0.0;
        }
    }
    let count = u32(steps[0]);
    for (var back = 0u; back < TIME; back++) {
        let t = TIME - 1u - back;
        for (var j = local; j < CELLS; j += 64u) {
            var to_i = vec4f();
            var to_ci = vec4f();
            var to_f = vec4f();
            var to_o = vec4f();
            if t < count {
                let places = t * BATCH + batch;
                let at = places * CELLS + j;
                let carried = batch * CELLS + j;
                let of_h = vec4f(h_grad[at.x], h_grad[at.y], h_grad[at.z], h_grad[at.w])
                    + vec4f(h_before_grad[carried.x], h_before_grad[carried.y], h_before_grad[carried.z],
                    h_before_grad[carried.w]);
                let of_cs = factor(places, CELLS + j) * of_h + vec4f(cs_grad[at.x], cs_grad[at.y], cs_grad[at.z],
                    cs_grad[at.w]) + vec4f(cs_before_grad[carried.x], cs_before_grad[carried.y],
                    cs_before_grad[carried.z], cs_before_grad[carried.w]);
                to_o = factor(places, j) * of_h;
                to_i = factor(places, 3u * CELLS + j) * of_cs;
                to_ci = factor(places, 4u * CELLS + j) * of_cs;
                to_f = factor(places, 5u * CELLS + j) * of_cs;
                let of_before = factor(places, 2u * CELLS + j) * of_cs;
                for (var r = 0u; r < rows; r++) { cs_before_grad[(first + r) * CELLS + j] = of_before[r]; }
            }
            let place = t * BATCH + first;
            put_gate(place, rows, AT_I * CELLS + j, to_i);
            put_gate(place, rows, AT_CI * CELLS + j, to_ci);
            put_gate(place, rows, AT_F * CELLS + j, to_f);
            put_gate(place, rows, AT_O * CELLS + j, to_o);
        }
        workgroupBarrier();
        for (var j = local; j < CELLS; j += 64u) {
            var of_before = vec4f();
            for (var k = 0u; k < CELLS; k++) {
                let weights = w[(INPUTS + j) * CELLS + k];  // of four neighbouring gates
                of_before += weights.x * of_gates[4u * k] + weights.y * of_gates[4u * k + 1u]
                    + weights.z * of_gates[4u * k + 2u] + weights.w * of_gates[4u * k + 3u];
            }
            for (var r = 0u; r < rows; r++) { h_before_grad[(first + r) * CELLS + j] = of_before[r]; }
        }
        workgroupBarrier();
    }
}

// The gradients of an LSTM layer's peepholes: sums over all steps and rows. One invocation a unit.
//
// overrides   TIME, BATCH, CELLS; AT_I, AT_F, AT_O: as in lstm.wgsl
// bindings    0: the gradient of the gates' sums [TIME, BATCH, 4 · CELLS], 1: cs [TIME, BATCH, CELLS],
//             2: the cs before [BATCH, CELLS], 3, 4, 5: the gradients for i, f and o [CELLS]
// workgroups  ceil(CELLS / 64), flat

override TIME: u32 = 2;
override BATCH: u32 = 4;
override CELLS: u32 = 4;
override AT_I: u32 = 0;
override AT_CI: u32 = 1;
override AT_F: u32 = 2;
override AT_O: u32 = 3;

@group(0) @binding(0) var<storage, read> sums_grad: array<f32>;
@group(0) @binding(1) var<storage, read> cs: array<f32>;
@group(0) @binding(2) var<storage, read> cs_before: array<f32>;
@group(0) @binding(3) var<storage, read_write> wci_grad: array<f32>;
@group(0) @binding(4) var<storage, read_write> wcf_grad: array<f32>;
@group(0) @binding(5) var<storage, read_write> wco_grad: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let j = (group.x + group.y * groups.x) * 64u + local;
    if j >= CELLS { return; }
    var total = vec3f();
    for (var t = 0u; t < TIME; t++) {
        var of_step = vec3f();
        for (var row = 0u; row < BATCH; row++) {
            let at = (t * BATCH + row) * CELLS + j;
            var before = cs_before[row * CELLS + j];
            if t > 0u { before = cs[at - BATCH * CELLS]; }
            let gates = (t * BATCH + row) * 4u * CELLS + j;
            of_step += vec3f(sums_grad[gates + AT_I * CELLS], sums_grad[gates + AT_F * CELLS],
                sums_grad[gates + AT_O * CELLS]) * vec3f(before, before, cs[at]);
        }
        total += of_step;
    }
    wci_grad[j] = total.x;
    wcf_grad[j] = total.y;
    wco_grad[j] = total.z;
}

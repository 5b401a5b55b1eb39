// The gradients of peepholes that are not used: zeros.
//
// overrides   CELLS
// bindings    0, 1, 2: the gradients [CELLS]
// workgroups  ceil(CELLS / 64), flat

override CELLS: u32 = 4;

@group(0) @binding(0) var<storage, read_write> wci_grad: array<f32>;
@group(0) @binding(1) var<storage, read_write> wcf_grad: array<f32>;
@group(0) @binding(2) var<storage, read_write> wco_grad: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= CELLS { return; }
    wci_grad[i] = 0.0;
    wcf_grad[i] = 0.0;
    wco_grad[i] = 0.0;
}

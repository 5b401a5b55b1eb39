// The gradients of offset and scale, from gradient_of_parts.wgsl; and zeros for the moments that were given.
//
// overrides   CHANNELS, PARTS
// bindings    0: parts, 1: the gradient of scale, 2: that of offset, 3 and 4: zeros [CHANNELS]
// workgroups  ceil(CHANNELS / 64), flat

override CHANNELS: u32 = 4;
override PARTS: u32 = 1;

@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> scale_grad: array<f32>;
@group(0) @binding(2) var<storage, read_write> offset_grad: array<f32>;
@group(0) @binding(3) var<storage, read_write> mean_grad: array<f32>;
@group(0) @binding(4) var<storage, read_write> variance_grad: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= CHANNELS { return; }
    var sum = 0.0;
    var product = 0.0;
    for (var part = 0u; part < PARTS; part++) {
        sum += parts[part * 2u * CHANNELS + i];
        product += parts[part * 2u * CHANNELS + CHANNELS + i];
    }
    scale_grad[i] = product;
    offset_grad[i] = sum;
    mean_grad[i] = 0.0;
    variance_grad[i] = 0.0;
}

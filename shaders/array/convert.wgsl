// y[i] = x[i] in another type, for COUNT elements.
override COUNT: u32 = 64;
alias T = f32;
alias R = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<R>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    if (i >= COUNT) { return; }
    y[i] = R(x[i]);
}

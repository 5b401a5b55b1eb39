// y[i] = value() for COUNT elements.
override COUNT: u32 = 64;
alias T = f32;

@group(0) @binding(0) var<storage, read_write> y: array<T>;

fn value() -> T { return T(0); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    if (i >= COUNT) { return; }
    y[i] = value();
}

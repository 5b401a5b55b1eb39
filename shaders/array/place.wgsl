// y[place(i)] = x[i]: a value copied to where it belongs in a larger one. Reads and writes COUNT numbers.
override COUNT: u32 = 64;
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;

fn place(i: u32) -> u32 { return i; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    if (i >= COUNT) { return; }
    y[place(i)] = x[i];
}

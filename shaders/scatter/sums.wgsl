// y[p, ...] = the sum of all updates of a row where p is the first of them, else 0; the chain is that of chains.wgsl.
// Workgroups for COUNT · WIDTH invocations.
override COUNT: u32 = 100;
override WIDTH: u32 = 16;
alias T = f32;

@group(0) @binding(0) var<storage, read> chain: array<u32>;
@group(0) @binding(1) var<storage, read> updates: array<T>;
@group(0) @binding(2) var<storage, read_write> y: array<T>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    let first = i / WIDTH;
    if (first >= COUNT) { return; }
    var sum = T(0);
    if (chain[COUNT + first] != 0u) {
        for (var p = first; p < COUNT; p = chain[p]) { sum += updates[p * WIDTH + i % WIDTH]; }
    }
    y[i] = sum;
}

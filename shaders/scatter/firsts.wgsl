// y[p] = the index of update p if it is the first of its row, else -1; the chain is that of chains.wgsl.
override COUNT: u32 = 100;

@group(0) @binding(0) var<storage, read> indices: array<i32>;
@group(0) @binding(1) var<storage, read> chain: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let p = id.x;
    if (p < COUNT) { y[p] = select(-1, indices[p], chain[COUNT + p] != 0u); }
}

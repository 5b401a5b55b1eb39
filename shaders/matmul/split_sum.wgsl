// The second half of a product split along K: the sum of its SPLITS partial products, and the epilogue.
//
// overrides   SIZE: elements of the result (BATCH · M · N); N: its columns; SPLITS
// bindings    0: the partial products, 1: the result
// workgroups  ceil(SIZE / 64), flat

alias T = f32;  // of the parts; the sums are float32
alias R = f32;  // of the result

override SIZE: u32 = 64;
override N: u32 = 8;
override SPLITS: u32 = 2;

@group(0) @binding(0) var<storage, read> parts: array<T>;
@group(0) @binding(1) var<storage, read_write> c: array<R>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: R, column: u32) -> R { return v; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: R) { c[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= SIZE { return; }
    var sum = 0.0;
    for (var part = 0u; part < SPLITS; part++) { sum += f32(parts[part * SIZE + i]); }
    store_result(i, epilogue(R(sum), i % N));
}

// sum[i] = a[i] + b[i] + ..., for COUNT elements of TERMS tensors from 1 to 7, added in that order; what is bound for
// terms beyond TERMS is not read. One invocation an element, grids in two dimensions.
override COUNT: u32 = 64;
override TERMS: u32 = 7;
alias T = f32;

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;
@group(0) @binding(2) var<storage, read> c: array<T>;
@group(0) @binding(3) var<storage, read> d: array<T>;
@group(0) @binding(4) var<storage, read> e: array<T>;
@group(0) @binding(5) var<storage, read> f: array<T>;
@group(0) @binding(6) var<storage, read> g: array<T>;
@group(0) @binding(7) var<storage, read_write> sum: array<T>;

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: T) { sum[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    if (i >= COUNT) { return; }
    var total = a[i];
    if (TERMS > 1u) { total += b[i]; }
    if (TERMS > 2u) { total += c[i]; }
    if (TERMS > 3u) { total += d[i]; }
    if (TERMS > 4u) { total += e[i]; }
    if (TERMS > 5u) { total += f[i]; }
    if (TERMS > 6u) { total += g[i]; }
    store_result(i, total);
}

// y[outer, inner] = where along the middle axis x[outer, ..., inner] comes first before all others: one invocation a
// result. Workgroups for OUTER · INNER invocations.
override OUTER: u32 = 4;
override COUNT: u32 = 100;
override INNER: u32 = 1;
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;

// Whether a, which stands behind b, is the better one.
fn before(a: T, b: T) -> bool { return a > b; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: i32) { y[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    if (i >= OUTER * INNER) { return; }
    let start = i / INNER * COUNT * INNER + i % INNER;
    var best = x[start];
    var place = 0u;
    for (var k = 1u; k < COUNT; k++) {
        let v = x[start + k * INNER];
        if (before(v, best)) {
            best = v;
            place = k;
        }
    }
    store_result(i, i32(place));
}

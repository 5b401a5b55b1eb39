// y[outer, k, inner] = x combined from 0 to k along the middle axis, or from k to the end; without x[k] if exclusive.
// One invocation a line; workgroups for OUTER · INNER invocations.
override OUTER: u32 = 4;
override COUNT: u32 = 100;
override INNER: u32 = 1;
override EXCLUSIVE: bool = false;
override REVERSE: bool = false;
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;

fn initial() -> T { return T(0); }
fn combine(a: T, b: T) -> T { return a + b; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    if (i >= OUTER * INNER) { return; }
    let start = i / INNER * COUNT * INNER + i % INNER;
    var total = initial();
    for (var k = 0u; k < COUNT; k++) {
        let at = start + select(k, COUNT - 1u - k, REVERSE) * INNER;
        let v = x[at];
        if (EXCLUSIVE) { y[at] = total; }
        total = combine(total, v);
        if (!EXCLUSIVE) { y[at] = total; }
    }
}

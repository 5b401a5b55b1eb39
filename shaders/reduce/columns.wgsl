// y[outer, part, inner] = x[outer, ..., inner] combined over the COUNT of the middle axis from part · SIZE on: one
// invocation a result, neighbours read neighbours. Adds up sixteen at a time, so that rounding errors don't pile up.
// Workgroups for OUTER · PARTS · INNER invocations.
override OUTER: u32 = 1;
override COUNT: u32 = 100;
override INNER: u32 = 10;
override PARTS: u32 = 1;
override SIZE: u32 = 100; // elements of a part
override WHOLE: u32 = 100; // elements behind each number of the output
alias T = f32;
alias A = f32;
alias R = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<R>;

fn initial() -> A { return A(0); }
fn element(x: T) -> A { return A(x); }
fn combine(a: A, b: A) -> A { return a + b; }
fn finish(a: A) -> A { return a; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: R) { y[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    if (i >= OUTER * PARTS * INNER) { return; }
    let start = (i / INNER % PARTS) * SIZE;
    let end = min(start + SIZE, COUNT);
    var at = ((i / (INNER * PARTS)) * COUNT + start) * INNER + i % INNER;
    var total = initial();
    for (var k = start; k < end; k += 16u) {
        var some = initial();
        let stop = min(k + 16u, end);
        for (var j = k; j < stop; j++) {
            some = combine(some, element(x[at]));
            at += INNER;
        }
        total = combine(total, some);
    }
    store_result(i, R(finish(total)));
}

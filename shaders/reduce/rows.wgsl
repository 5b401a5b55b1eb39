// y[row, part] = x[row, ...] combined over the elements from part · SIZE on: LANES invocations do it together, so that
// their reads are neighbours, and combine what they have as a tree. Each adds up sixteen at a time, so that rounding
// errors don't pile up. Reads each element once.
// One workgroup does 64 / LANES of the ROWS · PARTS results.
override ROWS: u32 = 4;
override COUNT: u32 = 100; // elements of a row
override PARTS: u32 = 1;
override SIZE: u32 = 100; // elements of a part
override LANES: u32 = 8; // a power of two, at most 64
override WHOLE: u32 = 100; // elements behind each number of the output
alias T = f32;
alias A = f32;
alias R = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<R>;

var<workgroup> tree: array<A, 64>;

fn initial() -> A { return A(0); }
fn element(x: T) -> A { return A(x); }
fn combine(a: A, b: A) -> A { return a + b; }
fn finish(a: A) -> A { return a; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: R) { y[at] = v; }

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) size: vec3u, @builtin(local_invocation_index) at: u32
) {
    let result = (group.x + group.y * size.x) * (64u / LANES) + at / LANES;
    let lane = at % LANES;
    let start = (result % PARTS) * SIZE;
    var total = initial();
    if (result < ROWS * PARTS) {
        let row = (result / PARTS) * COUNT;
        let end = min(start + SIZE, COUNT);
        for (var k = start + lane; k < end; k += 16u * LANES) {
            var some = initial();
            let stop = min(k + 16u * LANES, end);
            for (var j = k; j < stop; j += LANES) { some = combine(some, element(x[row + j])); }
            total = combine(total, some);
        }
    }
    if (LANES > 1u) {
        tree[at] = total;
        for (var step = LANES / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            if (lane < step) { tree[at] = combine(tree[at], tree[at + step]); }
        }
        total = tree[at];
    }
    if (lane == 0u && result < ROWS * PARTS) { store_result(result, R(finish(total))); }
}

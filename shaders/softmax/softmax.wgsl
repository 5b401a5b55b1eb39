// y = finish(x - the row's maximum, the sum of their exponentials) for each element of a row: LANES invocations a row.
// Reads each element three times. One workgroup does 64 / LANES of the ROWS.
override ROWS: u32 = 4;
override COUNT: u32 = 10;
override LANES: u32 = 8; // a power of two, at most 64

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

var<workgroup> tree: array<f32, 64>;

fn finish(shifted: f32, sum: f32) -> f32 { return exp(shifted) / sum; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: f32) { y[at] = v; }

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) size: vec3u, @builtin(local_invocation_index) at: u32
) {
    let row = (group.x + group.y * size.x) * (64u / LANES) + at / LANES;
    let lane = at % LANES;
    let start = row * COUNT;
    let end = select(start, start + COUNT, row < ROWS);
    var largest = -3.4028234e38;
    for (var k = start + lane; k < end; k += LANES) { largest = max(largest, x[k]); }
    if (LANES > 1u) {
        tree[at] = largest;
        for (var step = LANES / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            if (lane < step) { tree[at] = max(tree[at], tree[at + step]); }
        }
        workgroupBarrier();
        largest = tree[at - lane];
        workgroupBarrier();
    }
    var sum = 0.0;
    for (var k = start + lane; k < end; k += LANES) { sum += exp(x[k] - largest); }
    if (LANES > 1u) {
        tree[at] = sum;
        for (var step = LANES / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            if (lane < step) { tree[at] += tree[at + step]; }
        }
        workgroupBarrier();
        sum = tree[at - lane];
    }
    for (var k = start + lane; k < end; k += LANES) { store_result(k, finish(x[k] - largest, sum)); }
}

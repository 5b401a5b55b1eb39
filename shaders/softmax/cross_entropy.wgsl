// The cross entropy of softmax(x) and labels for each row, and its gradient softmax(x) - labels: LANES invocations a
// row. Features and labels may each have one row or one column for all (step 0). One workgroup does 64 / LANES rows.
override ROWS: u32 = 4;
override COUNT: u32 = 10;
override LANES: u32 = 8; // a power of two, at most 64
override ROW_STEP: u32 = 10; // of the features
override STEP: u32 = 1;
override LABEL_ROW_STEP: u32 = 10;
override LABEL_STEP: u32 = 1;
alias L = f32;

@group(0) @binding(0) var<storage, read> features: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<L>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> backprop: array<f32>;

var<workgroup> tree: array<f32, 64>;

fn label(row: u32, k: u32) -> f32 { return f32(labels[row * LABEL_ROW_STEP + k * LABEL_STEP]); }

fn feature(row: u32, k: u32) -> f32 { return features[row * ROW_STEP + k * STEP]; }

fn logarithm(sum: f32) -> f32 { return log(sum); }

// What a class has to do with the loss.
fn part(wanted: f32, logarithm: f32) -> f32 { return wanted * logarithm; }

fn sum_of_lanes(value: f32, at: u32, lane: u32) -> f32 {
    if (LANES == 1u) { return value; }
    workgroupBarrier();
    tree[at] = value;
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (lane < step) { tree[at] += tree[at + step]; }
    }
    workgroupBarrier();
    return tree[at - lane];
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) size: vec3u, @builtin(local_invocation_index) at: u32
) {
    let row = (group.x + group.y * size.x) * (64u / LANES) + at / LANES;
    let lane = at % LANES;
    let end = select(0u, COUNT, row < ROWS);
    var largest = -3.4028234e38;
    for (var k = lane; k < end; k += LANES) { largest = max(largest, feature(row, k)); }
    if (LANES > 1u) {
        tree[at] = largest;
        for (var step = LANES / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            if (lane < step) { tree[at] = max(tree[at], tree[at + step]); }
        }
        workgroupBarrier();
        largest = tree[at - lane];
    }
    var sum = 0.0;
    for (var k = lane; k < end; k += LANES) { sum += exp(feature(row, k) - largest); }
    sum = sum_of_lanes(sum, at, lane);
    let log_sum = logarithm(sum);
    var total = 0.0;
    for (var k = lane; k < end; k += LANES) {
        let shifted = feature(row, k) - largest;
        let wanted = label(row, k);
        total -= part(wanted, shifted - log_sum);
        backprop[row * COUNT + k] = exp(shifted) / sum - wanted;
    }
    total = sum_of_lanes(total, at, lane);
    if (lane == 0u && row < ROWS) { loss[row] = total; }
}

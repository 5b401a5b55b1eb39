// The sums of dy, and of dy with the normalized x, for each channel, over PARTS parts of the rows.
//
// overrides   ROWS, CHANNELS, PARTS, EPSILON
// bindings    0: dy, 1: x [ROWS, CHANNELS], 2: mean, 3: variance [CHANNELS], 4: parts [PARTS, 2, CHANNELS]
// workgroups  ceil(PARTS · CHANNELS / 64), flat

override ROWS: u32 = 8;
override CHANNELS: u32 = 4;
override PARTS: u32 = 1;
override EPSILON: f32 = 0.001;

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> variance: array<f32>;
@group(0) @binding(4) var<storage, read_write> parts: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= PARTS * CHANNELS { return; }
    let channel = i % CHANNELS;
    let size = (ROWS + PARTS - 1u) / PARTS;
    let first = min(i / CHANNELS * size, ROWS);
    let middle = mean[channel];
    var sum = 0.0;
    var product = 0.0;
    for (var row = first; row < min(first + size, ROWS); row++) {
        let at = row * CHANNELS + channel;
        sum += dy[at];
        product += dy[at] * (x[at] - middle);
    }
    let to = i / CHANNELS * 2u * CHANNELS + channel;
    parts[to] = sum;
    parts[to + CHANNELS] = product / sqrt(variance[channel] + EPSILON);
}

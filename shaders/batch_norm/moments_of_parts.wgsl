// Mean and sum of squared deviations of each channel, over PARTS parts of the rows; each one reads its part twice.
//
// overrides   ROWS, CHANNELS, PARTS
// bindings    0: x [ROWS, CHANNELS], 1: parts [PARTS, 2, CHANNELS]
// workgroups  ceil(PARTS · CHANNELS / 64), flat

override ROWS: u32 = 8;
override CHANNELS: u32 = 4;
override PARTS: u32 = 1;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> parts: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= PARTS * CHANNELS { return; }
    let channel = i % CHANNELS;
    let size = (ROWS + PARTS - 1u) / PARTS;
    let first = min(i / CHANNELS * size, ROWS);
    let end = min(first + size, ROWS);
    var sum = 0.0;
    for (var row = first; row < end; row++) { sum += x[row * CHANNELS + channel]; }
    let mean = sum / f32(max(end - first, 1u));
    var squares = 0.0;
    for (var row = first; row < end; row++) {
        let deviation = x[row * CHANNELS + channel] - mean;
        squares += deviation * deviation;
    }
    let to = i / CHANNELS * 2u * CHANNELS + channel;
    parts[to] = mean;
    parts[to + CHANNELS] = squares;
}

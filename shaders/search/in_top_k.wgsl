// Whether fewer than k elements of a row are larger than the target's; not if one is not finite, or there is no such
// target. One invocation a row.
override ROWS: u32 = 4;
override COUNT: u32 = 10;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read> k: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let row = id.x + id.y * size.x * 64u;
    if (row >= ROWS) { return; }
    let right = u32(targets[row]);
    var is_in = right < COUNT;
    var larger = 0;
    let score = x[row * COUNT + min(right, COUNT - 1u)];
    for (var j = 0u; j < COUNT; j++) {
        let v = x[row * COUNT + j];
        is_in = is_in && (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u;
        larger += select(0, 1, v > score);
    }
    y[row] = select(0u, 1u, is_in && larger < k[0]);
}

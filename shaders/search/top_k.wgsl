// The K largest elements of each row and their places, largest first, of equals the earlier first: LANES invocations
// look at a row K times, each time for the next after what was found last. One workgroup does 64 / LANES of the ROWS.
override ROWS: u32 = 4;
override COUNT: u32 = 100;
override K: u32 = 5;
override LANES: u32 = 8; // a power of two, at most 64
alias T = f32;

@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> values: array<T>;
@group(0) @binding(2) var<storage, read_write> places: array<i32>;

const NONE: u32 = 0xffffffffu;

var<workgroup> found: array<u32, 64>;

// A number that orders elements: the larger, the better. Zeros are equal, and NaN is the lowest number there is.
fn rank(v: T) -> u32 {
    let given = bitcast<u32>(v);
    let bits = select(given, 0u, given == 0x80000000u);
    if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0x00800000u; }
    return select(~bits, bits | 0x80000000u, bits < 0x80000000u);
}

// The better of two places in a row that starts there; NONE is worse than any.
fn better(start: u32, a: u32, b: u32) -> u32 {
    if (a == NONE || b == NONE) { return min(a, b); }
    let x_a = rank(x[start + a]);
    let x_b = rank(x[start + b]);
    return select(select(b, a, x_a > x_b), min(a, b), x_a == x_b);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) size: vec3u, @builtin(local_invocation_index) at: u32
) {
    let row = (group.x + group.y * size.x) * (64u / LANES) + at / LANES;
    let lane = at % LANES;
    let start = row * COUNT;
    let end = select(0u, COUNT, row < ROWS);
    var last = NONE;
    for (var k = 0u; k < K; k++) {
        var best = NONE;
        for (var j = lane; j < end; j += LANES) {
            if (last == NONE || (j != last && better(start, last, j) == last)) { best = better(start, best, j); }
        }
        if (LANES > 1u) {
            found[at] = best;
            for (var step = LANES / 2u; step > 0u; step /= 2u) {
                workgroupBarrier();
                if (lane < step) { found[at] = better(start, found[at], found[at + step]); }
            }
            workgroupBarrier();
            best = found[at - lane];
            workgroupBarrier();
        }
        last = best;
        if (lane == 0u && row < ROWS) {
            values[row * K + k] = x[start + best];
            places[row * K + k] = i32(best);
        }
    }
}

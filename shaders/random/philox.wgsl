// TensorFlow's random numbers, COUNT of them: Philox 4x32-10, a block of four words for each invocation.
// KIND is 0 for floats in [0, 1), 1 for normals (Box and Muller), 2 for normals within (-2, 2), 3 for integers from LOW
// to below LOW + SPAN. `place` holds the key and the counter, or, if SEEDED, the two seeds of a stateless op.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
override COUNT: u32 = 64;
override KIND: u32 = 0;
override LOW: i32 = 0;
override SPAN: u32 = 1;
override SEEDED: bool = false;

@group(0) @binding(0) var<storage, read> place: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;

struct Place { key: vec2u, counter: vec4u }

fn philox(at: Place) -> vec4u {
    var c = at.counter;
    var k = at.key;
    for (var i = 0u; i < 10u; i++) {
        let low = vec2u(c.x * 0xd2511f53u, c.z * 0xcd9e8d57u);
        let high = vec2u(multiply_high(c.x, 0xd2511f53u), multiply_high(c.z, 0xcd9e8d57u));
        c = vec4u(high.y ^ c.y ^ k.x, low.y, high.x ^ c.w ^ k.y, low.x);
        k += vec2u(0x9e3779b9u, 0xbb67ae85u);
    }
    return c;
}

// Where the stream starts.
fn start() -> Place {
    if (!SEEDED) { return Place(vec2u(place[0], place[1]), vec4u(place[2], place[3], place[4], place[5])); }
    let signs = vec2u(0u) - vec2u(place[0] >> 31u, place[1] >> 31u);
    let mixed = philox(Place(vec2u(0x3ec8f720u, 0x02461e29u), vec4u(place[0], signs.x, place[1], signs.y)));
    return Place(mixed.xy, vec4u(0u, 0u, mixed.zw));
}

// The place that many blocks further on: low + 2^32 high.
fn skipped(at: Place, low: u32, high: u32) -> Place {
    var c = at.counter;
    c.x += low;
    let carry = select(0u, 1u, c.x < low);
    let step = high + carry;
    c.y += step;
    if (c.y < step) {
        c.z += 1u;
        if (c.z == 0u) { c.w += 1u; }
    }
    return Place(at.key, c);
}

fn unit(word: u32) -> f32 {
    return bitcast<f32>((word & 0x7fffffu) | 0x3f800000u) - 1.0;
}

// 2 pi times the unit number of a word, rounded only once, as it is where that is done in 64 bits.
fn angle(word: u32) -> f32 {
    let turns = word & 0x7fffffu;
    let high = multiply_high(turns, 0xc90fdaa2u);
    let low = turns * 0xc90fdaa2u;
    if (high == 0u) { return f32(low) * 2.220446e-16; }
    let shift = countLeadingZeros(high);
    let leading = (high << shift) | ((low >> 1u) >> (31u - shift));
    let rounded = (leading >> 8u) + ((leading >> 7u) & 1u);
    return f32(rounded) * bitcast<f32>((127u - 12u - shift) << 23u);
}

fn normals(words: vec4u) -> vec4f {
    let units = vec2f(max(unit(words.x), 1e-7), max(unit(words.z), 1e-7));
    let radii = sqrt(-2.0 * vec2f(natural_log(units.x), natural_log(units.y)));
    let first = sine_cosine(angle(words.y));
    let second = sine_cosine(angle(words.w));
    return vec4f(first * radii.x, second * radii.y);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let block = id.x + id.y * size.x * 64u;
    let first = block * 4u;
    if (first >= COUNT) { return; }
    let count = min(COUNT - first, 4u);
    if (KIND == 2u) {
        // Each four numbers have 256 blocks of their own, and take the first that lie within.
        var at = skipped(start(), block << 8u, block >> 24u);
        var filled = 0u;
        while (filled < count) {
            let numbers = normals(philox(at));
            for (var k = 0u; k < 4u && filled < count; k++) {
                if (abs(numbers[k]) < 2.0) {
                    result[first + filled] = bitcast<u32>(numbers[k]);
                    filled++;
                }
            }
            at = skipped(at, 1u, 0u);
        }
        return;
    }
    var words = philox(skipped(start(), block, 0u));
    if (KIND == 0u) {
        words = bitcast<vec4u>(vec4f(unit(words.x), unit(words.y), unit(words.z), unit(words.w)));
    } else if (KIND == 1u) {
        words = bitcast<vec4u>(normals(words));
    } else {
        words = words % vec4u(SPAN) + vec4u(bitcast<u32>(LOW));
    }
    for (var k = 0u; k < count; k++) { result[first + k] = words[k]; }
}

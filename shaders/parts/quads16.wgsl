// Sixteen rows of a quad, and four columns of each of its invocations.

const BLOCK_ROWS = 16u;
const BLOCK_COLUMNS = 4u;

// Number by number, as compilers that are short of registers like it: each sum is done before the next one.
fn plus_product(s: f32, b: vec4f, a: vec4f) -> f32 { return s + b.x * a.x + b.y * a.y + b.z * a.z + b.w * a.w; }

fn plus_row(s: vec4f, b: mat4x4f, a: vec4f) -> vec4f {
    return vec4f(plus_product(s.x, b[0], a), plus_product(s.y, b[1], a), plus_product(s.z, b[2], a),
        plus_product(s.w, b[3], a));
}

// s and four rows of A times four columns of B, the columns of `b`.
fn plus(s: mat4x4f, b: mat4x4f, a: mat4x4f) -> mat4x4f {
    return mat4x4f(plus_row(s[0], b, a[0]), plus_row(s[1], b, a[1]), plus_row(s[2], b, a[2]), plus_row(s[3], b, a[3]));
}

// The products of each element of b with each of a: column i is b times a's element i.
fn outer(b: vec4f, a: vec4f) -> mat4x4f { return mat4x4f(b * a.x, b * a.y, b * a.z, b * a.w); }

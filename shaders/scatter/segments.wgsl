// y[row, k] = all updates of that row combined, in their order: one invocation an element looks at all of them.
// Workgroups for ROWS · WIDTH invocations; for few rows or few updates.
override COUNT: u32 = 100;
override ROWS: u32 = 10;
override WIDTH: u32 = 16;
alias T = f32;

@group(0) @binding(0) var<storage, read> indices: array<i32>;
@group(0) @binding(1) var<storage, read> updates: array<T>;
@group(0) @binding(2) var<storage, read_write> y: array<T>;

fn row(p: u32) -> u32 { return u32(indices[p]); }

fn initial() -> T { return T(0); }

fn combine(a: T, b: T) -> T { return a + b; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: T) { y[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    if (i >= ROWS * WIDTH) { return; }
    let mine = i / WIDTH;
    var total = initial();
    for (var p = 0u; p < COUNT; p++) {
        if (row(p) == mine) { total = combine(total, updates[p * WIDTH + i % WIDTH]); }
    }
    store_result(i, total);
}

// For each of COUNT updates of rows: chain[p] is the next update of the same row, or COUNT; chain[COUNT + p] is 1 if no
// earlier one is of that row. Reads up to COUNT indices for each update; workgroups for COUNT invocations.
override COUNT: u32 = 100;
override ROWS: u32 = 1000; // there are; updates of others are left out

@group(0) @binding(0) var<storage, read> indices: array<i32>;
@group(0) @binding(1) var<storage, read_write> chain: array<u32>;

fn row(p: u32) -> u32 { return u32(indices[p]); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let p = id.x;
    if (p >= COUNT) { return; }
    let mine = row(p);
    var next = p + 1u;
    while (next < COUNT && row(next) != mine) { next++; }
    var before = 0u;
    while (before < p && row(before) != mine) { before++; }
    chain[p] = next;
    chain[COUNT + p] = select(0u, 1u, before == p && mine < ROWS);
}

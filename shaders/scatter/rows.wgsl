// Rows of WIDTH elements of the target changed by updates, those of one row one after the other in their order: the
// first update's invocations follow the chain that chains.wgsl has made. Workgroups for COUNT · WIDTH invocations.
override COUNT: u32 = 100;
override WIDTH: u32 = 16;
override ROWS: u32 = 1000;
override SAME: bool = false; // whether one number is the update everywhere
override DISTINCT: bool = false; // whether no row comes twice; the chain is then not looked at
alias T = f32;

@group(0) @binding(0) var<storage, read> indices: array<i32>;
@group(0) @binding(1) var<storage, read> chain: array<u32>;
@group(0) @binding(2) var<storage, read> updates: array<T>;
@group(0) @binding(3) var<storage, read_write> target_: array<T>;

fn row(p: u32) -> u32 { return u32(indices[p]); }

fn change(at: u32, v: T) { target_[at] = target_[at] + v; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
    let i = id.x + id.y * size.x * 64u;
    let first = i / WIDTH;
    if (first >= COUNT || (!DISTINCT && chain[COUNT + first] == 0u) || row(first) >= ROWS) { return; }
    let at = row(first) * WIDTH + i % WIDTH;
    var p = first;
    while (p < COUNT) {
        change(at, updates[select(p * WIDTH + i % WIDTH, 0u, SAME)]);
        if (DISTINCT) { break; }
        p = chain[p];
    }
}

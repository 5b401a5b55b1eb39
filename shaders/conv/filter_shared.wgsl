// The gradient of a convolution's filter, as the product of matrices in parts/filter_gradient.wgsl. As
// matmul/shared.wgsl, a workgroup of 128 stages 64 rows and 64 columns in shared memory.
//
// overrides   those of parts/filter_gradient.wgsl
// bindings    as there
// sizes       N and DEPTH multiples of 4 (filter_odd.wgsl takes others)
// workgroups  SPLITS · ceil(KERNEL_ROWS · KERNEL_COLUMNS · DEPTH / 64) · ceil(N / 64), flat

// include parts/filter_gradient.wgsl
// include parts/filter_taps.wgsl
// include parts/result_in_vectors.wgsl
// include parts/tile64.wgsl

// What the tap's four channels have at a place of dy.
fn a_line(t: Tap, place: u32) -> vec4f {
    let y = i32(place / COLUMNS % ROWS * STRIDE_ROWS) + t.row;
    let column = i32(place % COLUMNS * STRIDE_COLUMNS) + t.column;
    let inside = place < BATCH * ROWS * COLUMNS && y >= 0 && y < i32(HEIGHT) && column >= 0 && column < i32(WIDTH);
    let at = ((i32(place / (ROWS * COLUMNS) * HEIGHT) + y) * i32(WIDTH) + column) * i32(DEPTH) + t.channel;
    return select(vec4f(), vec4f(x[u32(select(0, at, inside)) / 4u]), inside);
}

fn b_line(place: u32, column: u32) -> vec4f {
    let places = BATCH * ROWS * COLUMNS;
    return select(vec4f(), vec4f(dy[(min(place, places - 1u) * N + min(column, N - 4u)) / 4u]), place < places);
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) i: u32) {
    let across = (N + 63u) / 64u;
    let down = (M + 63u) / 64u;
    let tile = group.x + group.y * groups.x;
    let split = tile / across / down;
    if split >= SPLITS { return; }
    let first_row = tile / across % down * 64u;
    let first_column = tile % across * 64u;
    let places = BATCH * ROWS * COLUMNS;
    let part = (places + 16u * SPLITS - 1u) / (16u * SPLITS) * 16u;
    let here = tap(first_row + i / 4u % 16u * 4u);
    let column = first_column + i % 16u * 4u;
    for (var k = split * part; k < min((split + 1u) * part, places); k += 16u) {
        let at = k + select((i - 64u) / 16u, i % 4u, i < 64u) * 4u;
        if i < 64u {
            store(i, transpose(mat4x4f(a_line(here, at), a_line(here, at + 1u), a_line(here, at + 2u),
                a_line(here, at + 3u))));
        } else {
            store(i, mat4x4f(b_line(at, column), b_line(at + 1u, column), b_line(at + 2u, column),
                b_line(at + 3u, column)));
        }
        workgroupBarrier();
        accumulate(i);
        workgroupBarrier();
    }
    put_tile(split * M * N, first_row, first_column, i);
}

// The gradient of a convolution's filter, as the product of matrices in parts/filter_gradient.wgsl: four invocations
// together sum 16 rows and 16 columns in registers, and each loads x at one of four places for all. Without shared memory.
//
// overrides   those of parts/filter_gradient.wgsl and parts/quads.wgsl
// bindings    as there
// sizes       N a multiple of 4 and DEPTH one of 16, so that the rows of a block have a tap in common
// workgroups  SPLITS · ceil(KERNEL_ROWS · KERNEL_COLUMNS · DEPTH / (16 · DOWN)) · ceil(N / (128 / DOWN)), flat

enable subgroups;

// include parts/filter_gradient.wgsl
// include parts/filter_taps.wgsl
// include parts/result_in_vectors.wgsl
// include parts/quads.wgsl
// include parts/quads16.wgsl

fn b_line(place: u32, column: u32) -> vec4f {
    let places = BATCH * ROWS * COLUMNS;
    return select(vec4f(), vec4f(dy[(min(place, places - 1u) * N + column) / 4u]), place < places);
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32) {
    let number = group.x + group.y * groups.x;
    let split = block(number, 0u).product;
    if split >= SPLITS { return; }
    let own = block(number, local);
    let id = invocation % 4u;
    let places = BATCH * ROWS * COLUMNS;
    let part = (places + 4u * SPLITS - 1u) / (4u * SPLITS) * 4u;
    let end = min((split + 1u) * part, places);
    let here = tap(min(own.row, M - 16u));
    let column = min(own.column, N - 4u);
    let order = vec4u(id) ^ vec4u(0, 1, 2, 3); // of the places that of_quad gives
    // The place in dy whose x this invocation loads.
    var image = (split * part + id) / (ROWS * COLUMNS);
    var row = (split * part + id) / COLUMNS % ROWS;
    var across = (split * part + id) % COLUMNS;
    var s0 = mat4x4f(); var s1 = mat4x4f(); var s2 = mat4x4f(); var s3 = mat4x4f();
    for (var k = split * part; k < end; k += 4u) {
        let y = i32(row * STRIDE_ROWS) + here.row;
        let x_column = i32(across * STRIDE_COLUMNS) + here.column;
        let inside = k + id < end && y >= 0 && y < i32(HEIGHT) && x_column >= 0 && x_column < i32(WIDTH);
        let at = select(0, ((i32(image * HEIGHT) + y) * i32(WIDTH) + x_column) * i32(DEPTH) + here.channel, inside);
        let at_x = u32(at) / 4u;
        let b = k + order;
        let columns = transpose(mat4x4f(b_line(b.x, column), b_line(b.y, column), b_line(b.z, column),
            b_line(b.w, column)));
        s0 = plus(s0, columns, transpose(of_quad(select(vec4f(), vec4f(x[at_x]), inside))));
        s1 = plus(s1, columns, transpose(of_quad(select(vec4f(), vec4f(x[at_x + 1u]), inside))));
        s2 = plus(s2, columns, transpose(of_quad(select(vec4f(), vec4f(x[at_x + 2u]), inside))));
        s3 = plus(s3, columns, transpose(of_quad(select(vec4f(), vec4f(x[at_x + 3u]), inside))));
        across += 4u;
        while across >= COLUMNS { across -= COLUMNS; row += 1u; }
        while row >= ROWS { row -= ROWS; image += 1u; }
    }
    put(split * M * N, own.row, own.column, s0);
    put(split * M * N, own.row + 4u, own.column, s1);
    put(split * M * N, own.row + 8u, own.column, s2);
    put(split * M * N, own.row + 12u, own.column, s3);
}

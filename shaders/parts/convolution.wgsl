// A convolution of x [BATCH, HEIGHT, WIDTH, DEPTH] to C [BATCH, ROWS, COLUMNS, N], or its gradient to the input, as a
// product of matrices that are never made: a row is a place of C, a column one of its channels, the sum goes over the
// filter and the depth of x.
//
// overrides   BATCH, ROWS, COLUMNS: of C, whose depth is N; HEIGHT, WIDTH, DEPTH: of x;
//             KERNEL_ROWS, KERNEL_COLUMNS, STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT: of the convolution;
//             TO_INPUT: C is the gradient of the convolution's input, x that of its output
// bindings    0: x, 1: the filter [KERNEL_ROWS, KERNEL_COLUMNS, input depth, output depth], 2: C; inputs that an
//             epilogue brings stand between

// include parts/windows.wgsl

override N: u32 = 8;
override TO_INPUT: bool = false;
override M: u32 = BATCH * ROWS * COLUMNS;

// Where four places of C lie: the image's start in x, and their rows and columns.
struct Places { image: vec4i, row: vec4i, column: vec4i }

fn places(first: u32) -> Places {
    let m = min(first + vec4u(0, 1, 2, 3), vec4u(M - 1u));
    return Places(vec4i(m / (ROWS * COLUMNS) * (HEIGHT * WIDTH)), vec4i(m / COLUMNS % ROWS), vec4i(m % COLUMNS));
}

// Where in x the four places find what the filter's row and column is multiplied with; -1 outside.
fn taps(p: Places, row: u32, column: u32) -> vec4i {
    var y: vec4i;
    var x: vec4i;
    var inside = vec4<bool>(true);
    if TO_INPUT {
        let below = p.row + i32(PAD_TOP) - i32(row * DILATION_ROWS);
        let beside = p.column + i32(PAD_LEFT) - i32(column * DILATION_COLUMNS);
        y = below / i32(STRIDE_ROWS);
        x = beside / i32(STRIDE_COLUMNS);
        inside = (below >= vec4i()) & (beside >= vec4i())
            & (y * i32(STRIDE_ROWS) == below) & (x * i32(STRIDE_COLUMNS) == beside);
    } else {
        y = p.row * i32(STRIDE_ROWS) + i32(row * DILATION_ROWS) - i32(PAD_TOP);
        x = p.column * i32(STRIDE_COLUMNS) + i32(column * DILATION_COLUMNS) - i32(PAD_LEFT);
        inside = (y >= vec4i()) & (x >= vec4i());
    }
    inside &= (y < vec4i(i32(HEIGHT))) & (x < vec4i(i32(WIDTH)));
    return select(vec4i(-1), (p.image + y * i32(WIDTH) + x) * i32(DEPTH), inside);
}

// The gradient of a convolution's filter, as a product of matrices that are never made: a row is a tap of the filter
// with a channel of x, a column a channel of dy, the sum goes over all places of dy.
//
// overrides   BATCH, HEIGHT, WIDTH, DEPTH: of x; ROWS, COLUMNS, N: of dy [BATCH, ROWS, COLUMNS, N];
//             KERNEL_ROWS, KERNEL_COLUMNS, STRIDE_…, DILATION_…, PAD_TOP, PAD_LEFT: of the convolution;
//             SPLITS: the rows of all images are cut into so many parts, whose sums stand one after the other in the
//             result, for matmul/split_sum.wgsl
// bindings    0: x, 1: dy, 2: the gradient [KERNEL_ROWS, KERNEL_COLUMNS, DEPTH, N]

// include parts/windows.wgsl

override N: u32 = 8;
override SPLITS: u32 = 1;
override M: u32 = KERNEL_ROWS * KERNEL_COLUMNS * DEPTH;

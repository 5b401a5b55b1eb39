// The gradient of a convolution's filter, as the product of matrices in parts/filter_gradient.wgsl. Each invocation
// sums a block of 8 rows and 8 columns in registers.
//
// overrides   those of parts/filter_gradient.wgsl
// bindings    as there
// sizes       N and DEPTH multiples of 4 (filter_odd.wgsl takes others)
// workgroups  ceil(SPLITS · ceil(KERNEL_ROWS · KERNEL_COLUMNS · DEPTH / 8) · ceil(N / 8) / 32), flat

// include parts/filter_gradient.wgsl
// include parts/filter_lines.wgsl
// include parts/result_in_vectors.wgsl
// include parts/filter_block8_main.wgsl

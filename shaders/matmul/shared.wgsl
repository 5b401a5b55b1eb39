// C = op(A) · op(B): a workgroup of 128 stages 64 rows and 64 columns, 16 k at a time, in shared memory, and each
// invocation sums 4 rows and 8 columns in registers. For real GPUs. Batched, split along K if asked.
//
// overrides   those of parts/product.wgsl
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// sizes       K and N multiples of 4, and M too where A is transposed; shared_odd.wgsl takes others
// workgroups  SPLITS · BATCH · ceil(M / 64) · ceil(N / 64), flat

// include parts/product.wgsl
// include parts/product_vectors.wgsl
// include parts/result_in_vectors.wgsl
// include parts/product_tile_main.wgsl

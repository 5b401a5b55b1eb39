// A product of matrices C = op(A) · op(B).
//
// overrides   M, N, K: C is M × N; BATCH; TRANSPOSE_A: A is stored K × M; TRANSPOSE_B: B is stored N × K;
//             STRIDE_A, STRIDE_B: elements from one matrix of the batch to the next (0: all use the same one);
//             SPLITS: K is cut into so many parts, whose products stand one after the other in C, for split_sum.wgsl

alias T = f32;  // of what is stored; the sums are float32

override M: u32 = 8;
override N: u32 = 8;
override K: u32 = 8;
override BATCH: u32 = 1;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override STRIDE_A: u32 = M * K;
override STRIDE_B: u32 = K * N;
override SPLITS: u32 = 1;

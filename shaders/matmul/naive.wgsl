// C = op(A) · op(B), one element an invocation: for products too small for the others to fill the adapter with.
//
// overrides   those of parts/product.wgsl, without SPLITS
// bindings    0: A, 1: B, 2: C; inputs that an epilogue brings stand between
// workgroups  ceil(BATCH · M · N / 64), flat

alias T = f32;  // of what is stored
alias S = f32;  // of the sums
alias R = f32;  // of what is stored in C

override M: u32 = 8;
override N: u32 = 8;
override K: u32 = 8;
override BATCH: u32 = 1;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
override STRIDE_A: u32 = M * K;
override STRIDE_B: u32 = K * N;

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;
@group(0) @binding(2) var<storage, read_write> c: array<R>;

// Replaced where a bias and an activation are fused.
fn epilogue(v: R, column: u32) -> R { return v; }

// Replaced where element-wise steps follow, which then store what they make of it.
fn store_result(at: u32, v: R) { c[at] = v; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.x + group.y * groups.x) * 64u + local;
    if i >= BATCH * M * N { return; }
    let batch = i / (M * N);
    let row = i / N % M;
    let column = i % N;
    let at_a = batch * STRIDE_A + row * select(K, 1u, TRANSPOSE_A);
    let at_b = batch * STRIDE_B + column * select(1u, K, TRANSPOSE_B);
    var sum = S(0);
    for (var k = 0u; k < K; k++) {
        sum += S(a[at_a + k * select(1u, M, TRANSPOSE_A)]) * S(b[at_b + k * select(N, 1u, TRANSPOSE_B)]);
    }
    store_result(i, epilogue(R(sum), column));
}

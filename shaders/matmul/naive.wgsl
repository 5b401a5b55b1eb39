// C[M,N] = op(A) · op(B): one invocation an element of C. Reads 2·M·N·K numbers of memory; for small matrices.
override M: u32 = 16;
override N: u32 = 16;
override K: u32 = 16;
override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;
alias T = f32;

@group(0) @binding(0) var<storage, read> a: array<T>;
@group(0) @binding(1) var<storage, read> b: array<T>;
@group(0) @binding(2) var<storage, read_write> c: array<T>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let row = id.y;
    let column = id.x;
    if (row >= M || column >= N) { return; }
    var sum = T(0);
    for (var k = 0u; k < K; k++) {
        let x = select(a[row * K + k], a[k * M + row], TRANSPOSE_A);
        let y = select(b[k * N + column], b[column * K + k], TRANSPOSE_B);
        sum += x * y;
    }
    c[row * N + column] = sum;
}

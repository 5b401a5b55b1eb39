// All steps of an LSTM layer in one dispatch, from the products of its inputs. A workgroup owns four rows of the batch:
// the rows know nothing of each other, so it walks through time alone. Its hidden state lies in shared memory, the four
// rows side by side in a vector; each invocation has units of its own.
//
// overrides   TIME, BATCH, CELLS; INPUTS: rows of w that belong to x, above those of h;
//             AT_I, AT_CI, AT_F, AT_O: where the gates stand among the four blocks of columns of sums and w;
//             FORGET_BIAS; CLIP: of the memory (0: none);
//             PEEPHOLES: behind w stand those of i, of f and of o, CELLS each
// bindings    0: sums = x · w + b [TIME, BATCH, 4 · CELLS], 1: w [INPUTS + CELLS, 4 · CELLS], 2: the h before,
//             3: the cs before [BATCH, CELLS], 4: how many steps there are (zeros come after them),
//             5: i, ci, f, o [TIME, BATCH, 4 · CELLS], 6: cs, 7: h [TIME, BATCH, CELLS]
// workgroups  ceil(BATCH / 4), flat

override TIME: u32 = 2;
override BATCH: u32 = 4;
override CELLS: u32 = 4;
override INPUTS: u32 = 4;
override AT_I: u32 = 0;
override AT_CI: u32 = 1;
override AT_F: u32 = 2;
override AT_O: u32 = 3;
override FORGET_BIAS: f32 = 1.0;
override CLIP: f32 = 0.0;
override PEEPHOLES: bool = false;

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> h_before: array<f32>;
@group(0) @binding(3) var<storage, read> cs_before: array<f32>;
@group(0) @binding(4) var<storage, read> steps: array<i32>;
@group(0) @binding(5) var<storage, read_write> gates: array<f32>;
@group(0) @binding(6) var<storage, read_write> cs: array<f32>;
@group(0) @binding(7) var<storage, read_write> h: array<f32>;

var<workgroup> hidden: array<vec4f, 2 * CELLS>;  // now, and after the step

fn sigmoid(z: vec4f) -> vec4f { return 1.0 / (1.0 + exp(-z)); }

// tanh overflows far out on some adapters; NaN has to get through.
fn tangent(z: vec4f) -> vec4f {
    let is_not_a_number = (bitcast<vec4u>(z) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
    return select(tanh(clamp(z, vec4f(-20.0), vec4f(20.0))), z, is_not_a_number);
}

// What the memory adds to a gate's sum through peephole `number`.
fn seen(number: u32, j: u32, memory: vec4f) -> vec4f {
    return w[((INPUTS + CELLS) * 4u + number) * CELLS + j] * memory;
}

fn sums_at(rows: vec4u, column: u32) -> vec4f {
    let at = rows * (4u * CELLS) + column;
    return vec4f(sums[at.x], sums[at.y], sums[at.z], sums[at.w]);
}

fn put_gate(place: u32, rows: u32, column: u32, v: vec4f) {
    for (var r = 0u; r < rows; r++) { gates[(place + r) * 4u * CELLS + column] = v[r]; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
    let first = (group.x + group.y * groups.x) * 4u;
    if first >= BATCH { return; }
    let rows = min(4u, BATCH - first);  // others are computed like the last, and not stored
    let batch = min(first + vec4u(0, 1, 2, 3), vec4u(BATCH - 1u));
    for (var j = local; j < CELLS; j += 64u) {
        let at = batch * CELLS + j;
        hidden[j] = vec4f(h_before[at.x], h_before[at.y], h_before[at.z], h_before[at.w]);
    }
    workgroupBarrier();
    let count = u32(steps[0]);
    for (var t = 0u; t < TIME; t++) {
        let now = t % 2u * CELLS;
        for (var j = local; j < CELLS; j += 64u) {
            let place = t * BATCH + first;
            var i = vec4f();
            var ci = vec4f();
            var f = vec4f();
            var o = vec4f();
            var c = vec4f();
            var result = vec4f();
            if t < count {
                i = sums_at(t * BATCH + batch, AT_I * CELLS + j);
                ci = sums_at(t * BATCH + batch, AT_CI * CELLS + j);
                f = sums_at(t * BATCH + batch, AT_F * CELLS + j) + FORGET_BIAS;
                o = sums_at(t * BATCH + batch, AT_O * CELLS + j);
                for (var k = 0u; k < CELLS; k++) {
                    let v = hidden[now + k];
                    let at = (INPUTS + k) * 4u * CELLS + j;
                    i += w[at + AT_I * CELLS] * v;
                    ci += w[at + AT_CI * CELLS] * v;
                    f += w[at + AT_F * CELLS] * v;
                    o += w[at + AT_O * CELLS] * v;
                }
                var before = vec4f();
                if t == 0u {
                    let at = batch * CELLS + j;
                    before = vec4f(cs_before[at.x], cs_before[at.y], cs_before[at.z], cs_before[at.w]);
                } else {
                    let at = ((t - 1u) * BATCH + batch) * CELLS + j;  // written by this invocation, a step ago
                    before = vec4f(cs[at.x], cs[at.y], cs[at.z], cs[at.w]);
                }
                if PEEPHOLES {
                    i += seen(0u, j, before);
                    f += seen(1u, j, before);
                }
                i = sigmoid(i);
                ci = tangent(ci);
                f = sigmoid(f);
                c = f * before + i * ci;
                if CLIP > 0.0 { c = clamp(c, vec4f(-CLIP), vec4f(CLIP)); }
                if PEEPHOLES { o += seen(2u, j, c); }
                o = sigmoid(o);
                result = o * tangent(c);
            }
            hidden[CELLS - now + j] = result;
            put_gate(place, rows, j, i);
            put_gate(place, rows, CELLS + j, ci);
            put_gate(place, rows, 2u * CELLS + j, f);
            put_gate(place, rows, 3u * CELLS + j, o);
            for (var r = 0u; r < rows; r++) {
                cs[(place + r) * CELLS + j] = c[r];
                h[(place + r) * CELLS + j] = result[r];
            }
        }
        workgroupBarrier();
    }
}

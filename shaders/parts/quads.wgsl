// Blocks of a product that four invocations with neighbouring numbers in their subgroup, a quad, do together: each has
// the same BLOCK_ROWS rows, and BLOCK_COLUMNS columns of its own. Of A each loads a part, and hands it to the others.
//
// overrides   DOWN: a workgroup is DOWN blocks high, a power of two up to 8, and 8 / DOWN quads wide

override DOWN: u32 = 1;

// A block's first row and column, and the number of its product where there are several.
struct Block { product: u32, row: u32, column: u32 }

fn block(group: u32, local: u32) -> Block {
    let wide = 32u / DOWN;
    let across = (N + wide * BLOCK_COLUMNS - 1u) / (wide * BLOCK_COLUMNS);
    let down = (M + DOWN * BLOCK_ROWS - 1u) / (DOWN * BLOCK_ROWS);
    let line = group / across;
    return Block(line / down, (line % down * DOWN + local / wide) * BLOCK_ROWS,
        (group % across * wide + local % wide) * BLOCK_COLUMNS);
}

// The vectors of a quad: column i is that of invocation i ^ id.
fn of_quad(v: vec4f) -> mat4x4f {
    return mat4x4f(v, quadSwapX(v), quadSwapY(v), quadSwapDiagonal(v));
}

// A matrix whose column i is column i ^ id of `m`.
fn turned(m: mat4x4f, id: u32) -> mat4x4f {
    let odd = (id & 1u) != 0u;
    let late = (id & 2u) != 0u;
    let p = mat4x4f(select(m[0], m[1], odd), select(m[1], m[0], odd), select(m[2], m[3], odd), select(m[3], m[2], odd));
    return mat4x4f(select(p[0], p[2], late), select(p[1], p[3], late), select(p[2], p[0], late),
        select(p[3], p[1], late));
}

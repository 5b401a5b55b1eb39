// Windows that move over images x [BATCH, HEIGHT, WIDTH, DEPTH], and have ROWS × COLUMNS places there.

alias T = f32;  // of what is stored; the sums are float32

override BATCH: u32 = 1;
override HEIGHT: u32 = 8;
override WIDTH: u32 = 8;
override DEPTH: u32 = 4;
override ROWS: u32 = 8;
override COLUMNS: u32 = 8;
override KERNEL_ROWS: u32 = 1;
override KERNEL_COLUMNS: u32 = 1;
override STRIDE_ROWS: u32 = 1;
override STRIDE_COLUMNS: u32 = 1;
override DILATION_ROWS: u32 = 1;
override DILATION_COLUMNS: u32 = 1;
override PAD_TOP: u32 = 0;
override PAD_LEFT: u32 = 0;

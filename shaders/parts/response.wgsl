// How strong the neighbours of element i of x are, which are the channels within RADIUS of its own.

override COUNT: u32 = 64;
override CHANNELS: u32 = 8;
override RADIUS: u32 = 5;
override BIAS: f32 = 1.0;
override ALPHA: f32 = 1.0;
override BETA: f32 = 0.5;

fn first_neighbour(i: u32) -> u32 { return i - min(i % CHANNELS, RADIUS); }

fn last_neighbour(i: u32) -> u32 { return i + min(CHANNELS - 1u - i % CHANNELS, RADIUS); }

fn norm(i: u32) -> f32 {
    var squares = 0.0;
    for (var j = first_neighbour(i); j <= last_neighbour(i); j++) { squares += x[j] * x[j]; }
    return BIAS + ALPHA * squares;
}

"""Runs programs on GPUs through WebGPU: natively by wgpu, in a browser by navigator.gpu."""

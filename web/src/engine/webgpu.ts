// The browser's GPU for Python: buffers, pipelines and recorded programs by number, so that a step is one call.
// Tables and data are read from Python's memory where they lie.

type Memory = () => Uint8Array<ArrayBuffer>;

interface Step {
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
  grid: [number, number, number];
}

interface Recording {
  steps: Step[];
  copies: { from: GPUBuffer; to: number; nbytes: number }[];
  staging: GPUBuffer | null;
}

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
] as const;
const FEATURES: GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];

/** The adapter that the browser offers, before a device of it is asked for. */
export class Adapter {
  private constructor(
    private readonly adapter: GPUAdapter,
    private readonly memory: Memory,
  ) {}

  /** Null where there is no WebGPU, or where Python cannot wait for it. */
  static async find(memory: Memory): Promise<Adapter | null> {
    if (!("Suspending" in WebAssembly)) return null;
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    return adapter ? new Adapter(adapter, memory) : null;
  }

  get name(): string {
    const { description, vendor, architecture, device } = this.adapter.info;
    return description || [vendor, architecture, device].filter(Boolean).join(" ") || "GPU";
  }

  get isSoftware(): boolean {
    return this.adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|software/i.test(this.name);
  }

  async open(): Promise<Gpu> {
    const adapter = (await navigator.gpu.requestAdapter({ powerPreference: "high-performance" })) ?? this.adapter;
    const requiredFeatures = FEATURES.filter((feature) => adapter.features.has(feature));
    const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
    return new Gpu(await adapter.requestDevice({ requiredFeatures, requiredLimits }), this.memory);
  }
}

export class Gpu {
  /** Why the device is gone, or "". */
  lost = "";
  /** What went wrong since the last call, or "". */
  error = "";
  readonly limits: Record<string, number>;
  readonly features: string[];
  #buffers = new Map<number, GPUBuffer>();
  #pipelines = new Map<number, GPUComputePipeline>();
  #recordings = new Map<number, Recording>();
  #last = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly memory: Memory,
  ) {
    this.limits = Object.fromEntries(LIMITS.map((name) => [name, device.limits[name]]));
    this.features = FEATURES.filter((feature) => device.features.has(feature));
    device.addEventListener("uncapturederror", (event) => {
      this.error ||= event.error.message;
    });
    void device.lost.then(({ reason, message }) => {
      this.lost = `${reason}: ${message}`;
    });
  }

  async buffer(nbytes: number): Promise<number> {
    this.device.pushErrorScope("out-of-memory");
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.device.createBuffer({ size: nbytes, usage });
    const error = await this.device.popErrorScope();
    if (error) throw new Error(`out of memory: ${error.message}`);
    return this.#add(this.#buffers, buffer);
  }

  free(id: number): void {
    this.#buffers.get(id)?.destroy();
    this.#buffers.delete(id);
  }

  write(id: number, address: number, nbytes: number): void {
    const heap = this.memory();
    this.device.queue.writeBuffer(this.#get(this.#buffers, id), 0, heap.buffer, heap.byteOffset + address, nbytes);
  }

  async read(id: number, address: number, nbytes: number): Promise<void> {
    const recording = this.#staged([], [[id, nbytes]]);
    await this.#submit(recording, address);
    recording.staging?.destroy();
  }

  async pipeline(source: string, label: string): Promise<number> {
    const module = this.device.createShaderModule({ label, code: source });
    const descriptor = { label, layout: "auto" as const, compute: { module, entryPoint: "main" } };
    try {
      return this.#add(this.#pipelines, await this.device.createComputePipelineAsync(descriptor));
    } catch (error) {
      const { messages } = await module.getCompilationInfo();
      const said = messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join("; ");
      throw new Error(said || String(error));
    }
  }

  /** The table: number of commands, of each [pipeline, x, y, z, number of buffers, buffers ...]; pairs to read. */
  record(address: number, length: number): number {
    const heap = this.memory();
    const table = new Int32Array(heap.buffer, heap.byteOffset + address, length);
    let at = 0;
    const next = () => table[at++] ?? 0;
    const steps: Step[] = [];
    for (let count = next(); count > 0; count--) {
      const pipeline = this.#get(this.#pipelines, next());
      const grid: [number, number, number] = [next(), next(), next()];
      const entries = Array.from({ length: next() }, (_, binding) => ({
        binding,
        resource: { buffer: this.#get(this.#buffers, next()) },
      }));
      steps.push({
        pipeline,
        grid,
        group: this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
      });
    }
    const reads: [number, number][] = [];
    while (at < length) reads.push([next(), next()]);
    return this.#add(this.#recordings, this.#staged(steps, reads));
  }

  forget(id: number): void {
    this.#recordings.get(id)?.staging?.destroy();
    this.#recordings.delete(id);
  }

  /** Writes [buffer, address, bytes] of a table, runs, and puts what is read at an address of Python's memory. */
  run(id: number, writes: number, count: number, result: number): Promise<void> | undefined {
    if (this.lost) throw new Error(`lost: ${this.lost}`);
    const heap = this.memory();
    const table = new Uint32Array(heap.buffer, heap.byteOffset + writes, 3 * count);
    for (let i = 0; i < table.length; i += 3) this.write(table[i] ?? 0, table[i + 1] ?? 0, table[i + 2] ?? 0);
    return this.#submit(this.#get(this.#recordings, id), result);
  }

  finish(): Promise<undefined> {
    return this.device.queue.onSubmittedWorkDone();
  }

  close(): void {
    this.device.destroy();
  }

  #staged(steps: Step[], reads: [number, number][]): Recording {
    let end = 0;
    const copies = reads.map(([id, nbytes]) => {
      const from = this.#get(this.#buffers, id);
      const copy = { from, to: end, nbytes: Math.min(Math.ceil(nbytes / 8) * 8, from.size) };
      end += Math.ceil(nbytes / 8) * 8;
      return copy;
    });
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return { steps, copies, staging: end ? this.device.createBuffer({ size: end, usage }) : null };
  }

  #submit({ steps, copies, staging }: Recording, result: number): Promise<void> | undefined {
    const encoder = this.device.createCommandEncoder();
    if (steps.length) {
      const pass = encoder.beginComputePass();
      for (const { pipeline, group, grid } of steps) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...grid);
      }
      pass.end();
    }
    for (const { from, to, nbytes } of copies) encoder.copyBufferToBuffer(from, 0, staging as GPUBuffer, to, nbytes);
    this.device.queue.submit([encoder.finish()]);
    return staging ? this.#fetch(staging, result) : undefined;
  }

  async #fetch(staging: GPUBuffer, result: number): Promise<void> {
    await staging.mapAsync(GPUMapMode.READ);
    this.memory().set(new Uint8Array(staging.getMappedRange()), result);
    staging.unmap();
    if (this.error) throw new Error(this.error);
  }

  #add<T>(things: Map<number, T>, thing: T): number {
    things.set(++this.#last, thing);
    return this.#last;
  }

  #get<T>(things: Map<number, T>, id: number): T {
    const thing = things.get(id);
    if (thing === undefined) throw new Error(`there is no number ${id}`);
    return thing;
  }
}

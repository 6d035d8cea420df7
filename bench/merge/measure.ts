/** What one case cost. Times in milliseconds. */
export interface Measurement {
  readonly name: string;
  readonly samples: number;
  readonly median: number;
  readonly p95: number;
  readonly fastest: number;
  /** Instructions (of both sides) the case works through. */
  readonly instructions: number;
  readonly instructionsPerSecond: number;
  /** Where the case reads or writes encoded changesets. */
  readonly bytesPerSecond?: number;
}

export interface Case {
  readonly name: string;
  readonly instructions: number;
  readonly bytes?: number;
  /** Work that is not measured, before each sample. */
  readonly prepare?: () => void;
  readonly run: () => unknown;
}

/** How long a case is repeated: until both are reached, or `mostSamples`. */
const leastTime = 600;
const leastSamples = 7;
const mostSamples = 400;

/** Results are kept here, so that no engine can leave the work out. */
export const sink: { last: unknown } = { last: undefined };

export function measure({ name, instructions, bytes, prepare, run }: Case): Measurement {
  const sample = (): number => {
    prepare?.();
    const start = performance.now();
    sink.last = run();
    return performance.now() - start;
  };
  // One run decides how often the code may warm up.
  const first = sample();
  for (let warm = 0; warm < Math.min(20, 300 / first); warm++) sample();
  globalThis.gc?.();
  const times: number[] = [];
  let total = 0;
  while ((total < leastTime || times.length < leastSamples) && times.length < mostSamples) {
    const time = sample();
    times.push(time);
    total += time;
  }
  times.sort((a, b) => a - b);
  const median = quantile(times, 0.5);
  const measurement = {
    name,
    samples: times.length,
    median,
    p95: quantile(times, 0.95),
    fastest: quantile(times, 0),
    instructions,
    instructionsPerSecond: (instructions / median) * 1000,
  };
  return bytes === undefined ? measurement : { ...measurement, bytesPerSecond: (bytes / median) * 1000 };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

// Compares workloads by the CPU time of this process, or of a server: interleaved pairs, the median of their ratios, its
// interval.
import { parseArgs } from 'node:util';
import { thisProcess } from './this-process.mjs';

// With fewer, even the whole range of a sample is no interval of 95 %.
const fewestPairs = 6;

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {(calls: number) => unknown} run makes so many calls; what it returns is awaited.
 * @property {import('./this-process.mjs').MeasuredProcess} [measured] whose time counts. Default: this process.
 */

/**
 * @typedef {object} Comparison
 * @property {Workload} ours
 * @property {Workload} other
 * @property {'time' | 'throughput'} [as] `time`: the CPU time of ours over the other's, smaller is better (the default).
 *   `throughput`: calls for the same CPU time, ours over the other's, larger is better.
 * @property {boolean} [withGarbage] counts what it takes to collect the garbage of each slice: for workloads that leave so
 *   little between two collections that chance would decide who pays for them.
 * @property {number} [longer] makes the pairs so many times as long, for workloads that vary.
 * @property {number} [slices] into how many the time of a pair is cut, an even number. Default: 2 × `longer`; fewer for what is slow
 *   after a pause, such as a server whose turn was the other's.
 * @property {{ atMost: number } | { atLeast: number }} [bar] holds when the interval of the ratio reaches it.
 */

/**
 * The options of every benchmark. `--quick` shows that all of it runs, in seconds; with intervals so wide that a bar is
 * missed only by far.
 */
export const { quick, pairs, pairMs } = options();

function options() {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, pairs: { type: 'string' } },
  });
  const pairs = Number(values.pairs ?? (values.quick ? 8 : 30));
  if (!Number.isInteger(pairs) || pairs < fewestPairs)
    throw new RangeError(`--pairs must be a whole number from ${fewestPairs} on.`);
  return { quick: values.quick, pairs, pairMs: values.quick ? 20 : 80 };
}

/**
 * Measures comparisons one after the other and prints a row for each. The exit code becomes 1 when a bar does not hold.
 *
 * @param {string} title
 * @param {Iterable<Comparison> | AsyncIterable<Comparison>} comparisons those of a generator are set up when their turn
 *   comes.
 */
export async function compareAll(title, comparisons) {
  console.log(`\n### ${title}\n`);
  printRow('ours', 'CPU per call', 'beside', 'CPU per call', 'ratio [95 % interval]', 'bar', '');
  printRow(...Array.from({ length: 7 }, () => '---'));
  for await (const comparison of comparisons) {
    const { oursNs, otherNs, ratio } = await compare(comparison);
    const { ours, other, bar } = comparison;
    const holds =
      bar === undefined || ('atMost' in bar ? ratio.low <= bar.atMost : ratio.high >= bar.atLeast);
    if (!holds) process.exitCode = 1;
    printRow(
      ours.name,
      time(oursNs),
      other.name,
      time(otherNs),
      `${figure(ratio.median)} [${figure(ratio.low)}, ${figure(ratio.high)}]`,
      bar === undefined ? '' : 'atMost' in bar ? `≤ ${bar.atMost}` : `≥ ${bar.atLeast}`,
      bar === undefined ? '' : holds ? 'holds' : 'MISSED',
    );
  }
}

/**
 * @param {Comparison} comparison
 * @returns the CPU time of one call of either, and the ratio.
 */
export async function compare(comparison) {
  const { ours, other, as = 'time', longer = 1, slices = 2 * longer, withGarbage = false } = comparison;
  const calls = await warmUp([ours, other], {
    sliceMs: (pairMs * longer) / slices,
    slices,
    withGarbage,
  });
  const times = Array.from({ length: pairs }, () => ({ ours: 0, other: 0 }));
  for (const pair of times) {
    for (let slice = 0; slice < slices; slice += 1) {
      // Whoever goes second finds the machine as the first has left it; so they take turns at that.
      const order = slice % 2 === 0 ? ['ours', 'other'] : ['other', 'ours'];
      for (const side of order) pair[side] += await cost({ ours, other }[side], calls, withGarbage);
    }
  }
  const nsPerCall = (side) => (median(times.map((pair) => pair[side])) / (slices * calls)) * 1e6;
  const ratios = times.map((pair) => (as === 'time' ? pair.ours / pair.other : pair.other / pair.ours));
  return { oursNs: nsPerCall('ours'), otherNs: nsPerCall('other'), ratio: medianInterval(ratios) };
}

/** Runs workloads until they are compiled. @returns how many calls of each take `sliceMs` together. */
async function warmUp(workloads, { sliceMs, slices, withGarbage }) {
  globalThis.gc?.();
  let msOfAll = 0;
  for (const workload of workloads) {
    let calls = 1;
    let ms = 0;
    for (let spentMs = 0; spentMs < 6 * slices * sliceMs; spentMs += ms) {
      if (ms < sliceMs / 2) calls *= 2;
      ms = await cost(workload, calls, withGarbage);
    }
    msOfAll += ms / calls;
  }
  return Math.ceil(sliceMs / msOfAll);
}

/** What so many calls cost the process that is measured, and no other one. */
async function cost({ run, measured = thisProcess }, calls, withGarbage) {
  const before = await measured.cpuMs(!withGarbage);
  await run(calls);
  return (await measured.cpuMs(withGarbage)) - before;
}

/**
 * The median and its interval of at least 95 %, free of any assumption on the distribution: the values between which
 * the median lies unless too many of the sample fell on one side of it, by the binomial distribution.
 *
 * @param {readonly number[]} sample of at least `fewestPairs` values.
 */
export function medianInterval(sample) {
  const sorted = [...sample].sort((a, b) => a - b);
  let rank = 0;
  let tail = 0;
  for (let chance = 0.5 ** sorted.length; tail + chance <= 0.025; rank += 1) {
    tail += chance;
    chance *= (sorted.length - rank) / (rank + 1);
  }
  return { median: median(sorted), low: sorted[rank - 1], high: sorted[sorted.length - rank] };
}

function median(sample) {
  const sorted = [...sample].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
}

function time(ns) {
  return ns < 10_000 ? `${Math.round(ns)} ns` : `${(ns / 1000).toFixed(1)} µs`;
}

function figure(ratio) {
  return ratio.toFixed(ratio < 10 ? 3 : 1);
}

function printRow(...cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

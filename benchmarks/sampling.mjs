/**
 * New probabilities and an epoch of draws, against NumPy's `choice` and PyTorch's `WeightedRandomSampler` on this machine:
 * `node benchmarks/sampling.mjs [--json]`, some minutes.
 *
 * N examples with log-normal speeds, the paper's rule with a tenth of the draws uniform, N draws with replacement. All sides
 * use one thread, each in a process of its own, warm, in turns. Both the time that passed and the processor's time are told:
 * on a machine that is busy, compare the latter. `--alone` is for sizes that no peer can do in reasonable memory.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findPython, median, ratioByRound, Side } from './side.mjs';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    warmup: { type: 'string', default: '10' },
    examples: { type: 'string', default: '1000000,10000000' },
    alone: { type: 'string', default: '100000000' },
  },
});
const say = (text) => options.json || console.log(text);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const sizes = (text) => text.split(',').filter(Boolean).map(Number);
const python = findPython();
/** PyTorch's sampler refuses more. */
const TORCH_LIMIT = 2 ** 24;
const ENV = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

/** @returns what each side measured, and our time by that of each peer */
async function measure(count, peers, rounds, warmup) {
  const examples = ['--examples', String(count)];
  const sides = [new Side('la-ssl', process.execPath, [here('sampling-epoch.mjs'), ...examples], ENV)];
  try {
    for (const [name, peer] of peers) {
      sides.push(new Side(name, python, [here('sampling-epoch.py'), '--peer', peer, ...examples], ENV));
    }
    for (const side of sides) Object.assign(side, await side.answer());
    for (let round = 0; round < warmup + rounds; round++) {
      for (const side of sides) {
        if (round < warmup - 1 && side !== sides[0]) continue; // it is our side that is compiled as it runs
        await side.round('');
        if (round < warmup) side.rounds = [];
      }
      say(`${count} examples, round ${round + 1} of ${warmup + rounds}`);
    }
  } finally {
    await Promise.all(sides.map((side) => side.end()));
  }
  const [ours] = sides;
  for (const side of sides) checkDraws(count, side, ours);
  const times = (side, clock) => side.rounds.map((answer) => answer[clock]);
  return sides.map((side) => ({
    ...{ examples: count, name: side.name, version: side.version, rounds: side.rounds },
    ms: median(times(side, 'ms')),
    cpuMs: median(times(side, 'cpuMs')),
    peakMB: Math.max(...times(side, 'peakMB')),
    ...(side !== ours && {
      faster: ratioByRound(times(side, 'ms'), times(ours, 'ms')),
      fasterByCpu: ratioByRound(times(side, 'cpuMs'), times(ours, 'cpuMs')),
    }),
  }));
}

/** The mean speed of the draws has a standard deviation of about 0.2 / √N; the speeds themselves, 0.4 / √N. */
function checkDraws(count, side, ours) {
  const far = 5 / Math.sqrt(count);
  const [a, b] = [side, ours].map(({ rounds }) => rounds[0].meanSpeed);
  if (!(Math.abs(a - b) < far)) {
    throw new Error(`${side.name} draws other examples: their mean speed is ${a}, that of ours ${b}.`);
  }
}

const [rounds, warmup] = [Number(options.rounds), Number(options.warmup)];
if (!python) say('No python3 with PyTorch was found (Debian: apt-get install python3-torch): ours alone.');
const results = [];
for (const count of sizes(options.examples)) {
  const peers = [
    ['NumPy choice', 'numpy'],
    ['PyTorch sampler', 'torch'],
  ].filter(([, peer]) => python && (peer === 'numpy' || count < TORCH_LIMIT));
  results.push(...(await measure(count, peers, rounds, warmup)));
}
for (const count of sizes(options.alone)) results.push(...(await measure(count, [], Math.min(rounds, 3), 0)));

const machine = { processor: cpus()[0]?.model, cores: availableParallelism(), load: loadavg()[0] };
if (options.json) {
  console.log(JSON.stringify({ machine, results }, null, 2));
} else {
  const cell = (text, width) => String(text).padStart(width);
  const times = (ratio) =>
    ratio ? `${ratio.ratio.toFixed(1)} (${ratio.least.toFixed(1)}–${ratio.most.toFixed(1)})` : '';
  const heads = ['examples', 'side', 'ms', 'CPU ms', 'peak MB', 'times ours', 'by CPU time'];
  const widths = [10, 16, 9, 9, 9, 18, 18];
  console.log(
    `\n${machine.processor}, one thread\n\n${heads.map((head, i) => cell(head, widths[i])).join(' ')}`,
  );
  for (const { examples, name, ms, cpuMs, peakMB, faster, fasterByCpu } of results) {
    const cells = [
      examples,
      name,
      ms.toFixed(0),
      cpuMs.toFixed(0),
      peakMB.toFixed(0),
      times(faster),
      times(fasterByCpu),
    ];
    console.log(cells.map((text, i) => cell(text, widths[i])).join(' '));
  }
  if (machine.load > 2)
    console.log(`\nOther programs are running (load ${machine.load.toFixed(1)}): compare CPU time.`);
}

/**
 * The training step against PyTorch on this machine: `node benchmarks/run.mjs [--json]`, about two minutes.
 *
 * ResNet-18 of width 16 with the CIFAR stem, 64 pairs of 32×32 pixels, SimCLR, SGD; each setting in a process of its
 * own, warm, all in turns, so that what else happens on the machine meets all alike. PyTorch runs at its best:
 * channels-last, bfloat16 where the processor has it; also with the allocator settings that our addon makes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasFastBfloat16 } from '@la-ssl/torch';
import { findPython, median, quantile, ratioByRound, Side } from './side.mjs';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '12' },
    steps: { type: 'string', default: '20' },
    warmup: { type: 'string', default: '10' },
    width: { type: 'string', default: '16' },
    pairs: { type: 'string', default: '64' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const say = (text) => options.json || console.log(text);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** glibc's names of the settings that `addon.cc` makes. */
const MALLOC = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 30),
  MALLOC_TRIM_THRESHOLD_: String(2047 * 2 ** 20),
  MALLOC_TOP_PAD_: String(64 * 2 ** 20),
};

const python = findPython();
const precisions = hasFastBfloat16() ? ['float32', 'bfloat16'] : ['float32'];
const folder = mkdtempSync(join(tmpdir(), 'benchmark-'));
const state = join(folder, 'state.safetensors');
const shared = ['width', 'threads', 'warmup'].flatMap((name) => [`--${name}`, options[name]]);

const sides = [];
async function start(name, command, args, env) {
  say(`Starting ${name} ...`);
  const side = new Side(name, command, [...args, ...shared], env);
  sides.push(side);
  Object.assign(side, await side.answer());
  return side;
}

try {
  for (const precision of precisions) {
    const args = [here('simclr-step.mjs'), '--precision', precision, '--pairs', options.pairs];
    await start(`@la-ssl/torch ${precision}`, process.execPath, [...args, '--export', state]);
  }
  if (python) {
    for (const precision of precisions) {
      const args = [here('simclr-step.py'), '--precision', precision, '--load', state];
      await start(`PyTorch ${precision}`, python, args);
      await start(`PyTorch ${precision}, our malloc`, python, args, MALLOC);
    }
  } else
    say(
      'No python3 with PyTorch was found (Debian: apt-get install python3-torch): only our side is measured.',
    );

  const [reference] = sides;
  for (const side of sides) {
    const far = side.name.includes('float32') ? 1e-3 : 0.05;
    side.losses.forEach((loss, i) => {
      if (!(Math.abs(loss - reference.losses[i]) < far))
        throw new Error(`${side.name} computes another loss: ${side.losses}, not ${reference.losses}`);
    });
  }
  for (let round = 1; round <= Number(options.rounds); round++) {
    for (const side of sides) await side.round(options.steps);
    say(`Round ${round} of ${options.rounds}`);
  }
} finally {
  await Promise.all(sides.map((side) => side.end()));
  rmSync(folder, { recursive: true });
}

const results = sides.map(({ name, version, threads, rounds: answers }) => {
  const rounds = answers.map(({ ms }) => ms);
  const sorted = rounds.flat().sort((a, b) => a - b);
  return {
    name,
    version,
    threads,
    steps: sorted.length,
    median: quantile(sorted, 0.5),
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    roundMedians: rounds.map(median),
  };
});
const ratio = (a, b) => ({ of: a.name, to: b.name, ...ratioByRound(a.roundMedians, b.roundMedians) });
const fastest = (kind) =>
  results.filter(({ name }) => name.startsWith(kind)).sort((a, b) => a.median - b.median)[0];
const ours = fastest('@la-ssl');
const ratios = results.filter(({ name }) => name.startsWith('PyTorch')).map((theirs) => ratio(ours, theirs));
const machine = { processor: cpus()[0]?.model, cores: availableParallelism(), load: loadavg()[0] };

if (options.json) {
  const { json, ...numbers } = options;
  const settings = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]));
  console.log(JSON.stringify({ machine, settings, results, ratios }, null, 2));
} else {
  const ms = (value) => value.toFixed(1).padStart(7);
  console.log(
    `\n${machine.processor}, ${machine.cores} cores; ResNet-18, width ${options.width}, ${options.pairs} pairs`,
  );
  console.log(`\n${'ms a step'.padEnd(34)} median   quartiles        version`);
  for (const { name, median: middle, quartiles, version, threads } of results) {
    const spread = `${ms(quartiles[0])} –${ms(quartiles[1])}`;
    console.log(`${name.padEnd(34)}${ms(middle)}  ${spread}   ${version}, ${threads} threads`);
  }
  if (ratios.length > 0) console.log(`\nTime of ${ours.name} by that of (below 1: ours is faster)`);
  for (const { to, ratio: middle, least, most } of ratios) {
    console.log(
      `${to.padEnd(34)}${middle.toFixed(2).padStart(7)}  (rounds: ${least.toFixed(2)} – ${most.toFixed(2)})`,
    );
  }
  if (machine.load > Number(options.threads) + 1)
    console.log(
      `\nOther programs are running (load ${machine.load.toFixed(1)}): measure again when they are not.`,
    );
}

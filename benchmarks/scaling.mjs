/**
 * How the cost grows with the size of what is done: `node benchmarks/scaling.mjs --help`. Our side alone; against others,
 * `run.mjs`. Each point is warm, in a process of its own, whose most memory is told too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fail, readOptions, wholeNumber } from './options.mjs';
import { currentCommit } from './ratios.mjs';
import { CURVES } from './scaling/curves.mjs';
import { measureCurve } from './scaling/measure-curve.mjs';
import { memoryPlot, timePlot } from './scaling/plots.mjs';
import { growthTable, pointsTable } from './scaling/tables.mjs';

const range = ({ values }) => [values.full[0], values.full.at(-1)].map((x) => x.toLocaleString('en'));
const HELP = `Usage: node benchmarks/scaling.mjs [curves...] [options]

Measures how time and memory grow with the size of what is done, and fits the exponents, with 95 % intervals: 1 is as the size
itself. Every point is the median of its rounds. In full it takes about ten minutes, on a machine that does nothing else.

Curves, all by default:
${CURVES.map((curve) => `  ${curve.name.padEnd(14)}${curve.title}, by ${curve.x}, ${range(curve).join(' to ')}`).join('\n')}

Options:
  --quick          fewer and smaller points: two minutes
  --tiny           sizes that say nothing of speed, to see that all curves are measured
  --threads <n>    threads of the training steps, epochs and scoring (all processors); sampling has one
  --json <file>    write all that was measured as JSON
  --plots <folder> write time.svg and memory.svg
  --help           this text
`;

const { options, names } = readOptions(
  HELP,
  {
    quick: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'string' },
    plots: { type: 'string' },
  },
  { positionals: true },
);
const threads = wholeNumber(options, 'threads');
for (const name of names) {
  if (!CURVES.some((curve) => curve.name === name))
    fail(`There is no curve ${name}. There are: ${CURVES.map((curve) => curve.name).join(', ')}.`);
}

const say = (text) => process.stderr.write(`${text}\n`);
const size = options.tiny ? 'tiny' : options.quick ? 'quick' : 'full';
const machine = { processor: cpus()[0]?.model, cores: availableParallelism(), load: loadavg()[0] };
const chosen = names.length === 0 ? CURVES : CURVES.filter(({ name }) => names.includes(name));
const curves = [];
for (const curve of chosen) {
  say(`${curve.name}: ${curve.title}, by ${curve.x}`);
  const measured = await measureCurve(curve, { size, threads, say });
  curves.push(measured);
  process.stdout.write(`\n${measured.title}\n\n${pointsTable(measured)}\n\n`);
}

const commit = currentCommit();
process.stdout.write(`${growthTable(curves)}\n\n`);
process.stdout.write(
  `${machine.processor}, ${machine.cores} cores, ${threads} threads, commit ${commit}, ${size} sizes\n`,
);
if (machine.load > 1) {
  process.stdout.write(`Other programs were running (load ${machine.load.toFixed(1)}): measure again.\n`);
}
if (options.json) {
  writeFileSync(options.json, `${JSON.stringify({ commit, machine, threads, size, curves }, null, 2)}\n`);
}
if (options.plots) {
  mkdirSync(options.plots, { recursive: true });
  writeFileSync(join(options.plots, 'time.svg'), await timePlot(curves));
  writeFileSync(join(options.plots, 'memory.svg'), await memoryPlot(curves));
}

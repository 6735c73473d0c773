/**
 * La-ssl against its peers on this machine: `node benchmarks/run.mjs --help`.
 *
 * Each side of a work is a process of its own, warm, and all take turns, so that what else happens on the machine meets all
 * alike. Both the time that passed and the processor's time are told: on a machine that is busy, compare the latter.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { measure } from './measure.mjs';
import { fail, readOptions, wholeNumber } from './options.mjs';
import { currentCommit, fallenRatios, saveRatios } from './ratios.mjs';
import { findPython } from './side.mjs';
import { fallenText, summaryTable, workTable } from './tables.mjs';
import { WORKS } from './works/index.mjs';

const HELP = `Usage: node benchmarks/run.mjs [works...] [options]

Measures la-ssl against its peers, in turns, and prints tables. The peers are installed by benchmarks/setup.sh.

Works, all by default; a name's beginning will do:
${WORKS.map(({ name, title }) => `  ${name.padEnd(16)}${title}`).join('\n')}

Options:
  --quick       fewer rounds, smaller sizes than the titles say: five to seven minutes for all, not 26
  --rounds <n>  so many rounds of each work
  --minutes <n> time limit of each work, after which its rounds so far are told and the next begins (each has its own)
  --threads <n> threads of the sides that use several (all processors)
  --json        print all that was measured as JSON
  --save        keep the ratios in benchmarks/ratios.json; without it they are compared with those
  --tiny        sizes that say nothing of speed, to see that all works run
  --help        this text
`;

const { options, names } = readOptions(
  HELP,
  {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
  },
  { positionals: true },
);
const [rounds, minutes, threads] = ['rounds', 'minutes', 'threads'].map((name) =>
  options[name] === undefined ? undefined : wholeNumber(options, name),
);
if (options.save && (options.quick || options.tiny)) {
  fail('--save keeps what was measured in full: leave out --quick and --tiny.');
}
for (const name of names) {
  if (!WORKS.some((work) => work.name.startsWith(name)))
    fail(`There is no work ${name}. There are: ${WORKS.map((work) => work.name).join(', ')}.`);
}

const say = (text) => process.stderr.write(`${text}\n`);
const print = (text) => options.json || process.stdout.write(`${text}\n`);
const works =
  names.length === 0 ? WORKS : WORKS.filter((work) => names.some((name) => work.name.startsWith(name)));
const machine = {
  ...{
    processor: cpus()[0]?.model,
    cores: availableParallelism(),
    load: loadavg()[0],
    node: process.version,
  },
};
const python = findPython();
if (!python)
  say('No python3 has PyTorch: only our side is measured. benchmarks/setup.sh installs the peers.');
const context = {
  ...{ python, say, quick: options.quick || options.tiny, tiny: options.tiny },
  rounds: rounds ?? (options.tiny ? 1 : undefined),
  ...{ threads, minutes },
};

const outcomes = [];
for (const work of works) {
  say(`${work.name}: ${work.title}`);
  const started = performance.now();
  try {
    const result = await measure(work, context);
    outcomes.push({ name: work.name, result });
    print(`\n${work.title}\n\n${workTable(work, result)}\n`);
  } catch (error) {
    outcomes.push({ name: work.name, error: error.message });
    say(`${work.name} failed: ${error.message}`);
    process.exitCode = 1;
  }
  say(`  ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

const results = outcomes.flatMap(({ result }) => result ?? []);
const fallen = options.quick || options.tiny || options.save ? undefined : fallenRatios(results, machine);
if (options.json) {
  const failed = outcomes.flatMap(({ name, error }) => (error ? [{ name, error }] : []));
  process.stdout.write(
    `${JSON.stringify({ commit: currentCommit(), machine, works: results, failed, fallen }, null, 2)}\n`,
  );
} else {
  const { processor, cores } = machine;
  const smaller = options.tiny || options.quick ? ', smaller sizes than the titles say' : '';
  print(`\n${processor}, ${cores} cores, commit ${currentCommit()}${smaller}\n`);
  print(summaryTable(works, outcomes));
  if (fallen !== undefined) print(`\n${fallenText(fallen)}`);
  if (machine.load > 1) {
    print(
      `\nOther programs were running (load ${machine.load.toFixed(1)}): compare CPU time, or measure again.`,
    );
  }
}
if (options.save) saveRatios(results, machine);

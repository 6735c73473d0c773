/**
 * What ways to measure learning speeds cost, and what they tell: `node benchmarks/scoring-cost.mjs --help`. All of them watch the
 * same run with uniform draws, so that they differ in nothing else.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fromData, noGrad, scope } from '@la-ssl/torch';
import { groupsOf, imagesAt, loadSplit } from 'la-ssl/data';
import { drawChart, PALETTE, SHAPES } from 'la-ssl/report';
import { auroc, LearningSpeedMonitor } from 'la-ssl/sampling';
import {
  cosineLr,
  createRun,
  datasetSpecOf,
  resolveConfig,
  SCORING_VIEWS,
  scoreExamples,
  trainConfigSchema,
  trainStep,
} from 'la-ssl/training';
import { fail, readOptions, wholeNumber } from './options.mjs';
import { currentCommit } from './ratios.mjs';
import { table } from './tables.mjs';

const HELP = `Usage: node benchmarks/scoring-cost.mjs [options]

Trains SimCLR with uniform draws and measures learning speeds in several ways at once. Of each way it tells the AUROC (that a
conflicting image is slower) and the processor's time, as a share of that of the training steps.

Options:
  --dataset <name> shapes or colored-mnist (shapes)
  --seeds <list>   as 0,1,2 (0,1,2)
  --epochs <n>     epochs to train (12)
  --tiny           a size that says nothing, to see that all ways work
  --threads <n>    (all processors)
  --json <file>    write all that was measured
  --plot <file>    write AUROC against cost, SVG
  --help           this text
`;

const SETTINGS = {
  shapes: {
    ...{ dataset: 'shapes', examples: 2560, stem: 'cifar', width: 16, temperature: 0.2, cropScale: 0.2 },
    ...{ batchSize: 64, lr: 0.1, lrWarmupEpochs: 1 },
  },
  'colored-mnist': {
    ...{
      dataset: 'colored-mnist',
      severity: 4,
      examples: 10_000,
      alignedShare: 0.95,
      stem: 'cifar',
      width: 8,
    },
    ...{ temperature: 0.2, cropScale: 0.3, jitterStrength: 0.2, jitterHue: 0, grayscaleProbability: 0 },
    ...{ flipProbability: 0, batchSize: 100, lr: 0.08, lrWarmupEpochs: 0.3 },
  },
};
const TINY = { examples: 128, width: 4, batchSize: 32, alignedShare: 0.75 };

/** Of a pass: `views` a score, before every `every`-th epoch. `first`: the average starts from the first observation. */
const WAYS = [
  { name: 'training steps', steps: true },
  { name: 'training steps, from the first', steps: true, first: true },
  { name: 'pass of 2 views', views: 2 },
  { name: 'pass of 2 views, from the first (as in the paper)', views: 2, first: true },
  { name: 'pass of 4 views', views: 4 },
  { name: 'pass of 2 views, every second epoch', views: 2, every: 2 },
  { name: 'pass of 1 view, against that of the pass before', views: 1 },
];

const { options } = readOptions(HELP, {
  dataset: { type: 'string', default: 'shapes' },
  seeds: { type: 'string', default: '0,1,2' },
  epochs: { type: 'string', default: '12' },
  tiny: { type: 'boolean', default: false },
  threads: { type: 'string', default: String(availableParallelism()) },
  json: { type: 'string' },
  plot: { type: 'string' },
});
if (!(options.dataset in SETTINGS)) fail(`--dataset must be one of ${Object.keys(SETTINGS).join(', ')}.`);
const threads = wholeNumber(options, 'threads');
const epochs = options.tiny ? 2 : wholeNumber(options, 'epochs');
const seeds = options.seeds.split(',').map(Number);
if (!seeds.every(Number.isInteger)) fail('--seeds must be whole numbers, as 0,1,2.');

function cpuSeconds(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** One run, watched in all ways. @returns of each way its AUROC before every epoch and after the last, and its cost */
async function watch(seed) {
  const config = resolveConfig(
    trainConfigSchema.parse({
      ...SETTINGS[options.dataset],
      ...(options.tiny && TINY),
      ...{ epochs, seed, sampler: 'uniform', threads, onlineEvaluation: false },
    }),
  );
  const dataset = await loadSplit(datasetSpecOf(config), 'train');
  const { count } = dataset.shape;
  const conflicting = groupsOf(dataset).aligned.map((aligned) => 1 - aligned);
  const run = createRun(config, dataset);
  const ways = WAYS.map((way) => ({
    ...{ ...way, seconds: 0, aurocs: [], cache: null },
    monitor: new LearningSpeedMonitor({ count, biasCorrection: !way.first }),
  }));
  const everyExample = Int32Array.from({ length: count }, (_, i) => i);
  const steps = count / config.batchSize;
  const total = steps * epochs;
  let trainingSeconds = 0;
  for (let epoch = 0; epoch <= epochs; epoch++) {
    for (const way of ways) {
      const started = process.cpuUsage();
      if (way.views && epoch % (way.every ?? 1) === 0) {
        const similarities = way.views > 1 ? await pass(way, epoch) : againstCache(way, epoch);
        if (similarities) way.monitor.observe(everyExample, similarities, epoch);
        way.seconds += cpuSeconds(started);
      }
      if (epoch > 0)
        way.aurocs.push(
          auroc(
            way.monitor.speeds.map((speed) => -speed),
            conflicting,
          ),
        );
    }
    if (epoch === epochs) break;
    run.method.train();
    const draws = run.sampler.drawsFor(epoch);
    for (let k = 0; k < steps; k++) {
      const step = epoch * steps + k;
      const lr = cosineLr(step, {
        peak: config.lr,
        steps: total,
        warmupSteps: config.lrWarmupEpochs * steps,
      });
      const indices = draws.subarray(k * config.batchSize, (k + 1) * config.batchSize);
      const started = process.cpuUsage();
      const place = { indices, step, epoch, progress: step / total, lr };
      const { similarities } = trainStep(config, { ...run, dataset, online: null }, place);
      trainingSeconds += cpuSeconds(started);
      for (const way of ways.filter((one) => one.steps)) {
        const before = process.cpuUsage();
        way.monitor.observe(indices, similarities, epoch);
        way.seconds += cpuSeconds(before);
      }
    }
  }
  return ways.map(({ name, aurocs, seconds }) => ({ name, seed, aurocs, cost: seconds / trainingSeconds }));

  function pass({ views }, epoch) {
    const { method, makeViews } = run;
    const { batchSize } = config;
    return scoreExamples({ method, dataset, makeViews, seed, batchSize, viewsPerScore: views, pass: epoch });
  }

  /** The similarity of a new view and the one that the pass before left, as SimCLR's loss has it; null in the first. */
  function againstCache(way, epoch) {
    const { channels, height, width } = dataset.shape;
    const similarities = new Float64Array(count);
    const before = way.cache;
    way.cache = [];
    run.method.eval();
    for (let start = 0; start < count; start += config.batchSize) {
      const indices = everyExample.subarray(start, start + config.batchSize);
      scope(() =>
        noGrad(() => {
          const images = fromData(imagesAt(dataset, indices), [indices.length, channels, height, width]);
          const views = run.makeViews(images, { purpose: SCORING_VIEWS, step: epoch, part: start }, 1);
          const { z } = run.method.project(views);
          if (before) {
            const cosines = z.mul(fromData(before[way.cache.length], z.shape)).sum([1]);
            similarities.set(cosines.div(config.temperature).exp().toFloat64Array(), start);
          }
          way.cache.push(Float32Array.from(z.toFloat64Array()));
        }),
      );
    }
    return before && similarities;
  }
}

const runs = [];
for (const seed of seeds) {
  process.stderr.write(`seed ${seed}\n`);
  runs.push(...(await watch(seed)));
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const range = (values) => `(${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)})`;
const told = [...new Set([Math.ceil(epochs / 3), Math.ceil((2 * epochs) / 3), epochs])];
const points = WAYS.map(({ name }) => {
  const of = runs.filter((run) => run.name === name);
  return {
    name,
    cost: 100 * mean(of.map(({ cost }) => cost)),
    after: told.map((epoch) => of.map(({ aurocs }) => aurocs[epoch - 1])),
  };
});
const head = ['speeds from', 'time, % of the steps', ...told.map((epoch) => `AUROC after ${epoch} (seeds)`)];
const rows = points.map(({ name, cost, after }) => [
  ...[name, cost.toFixed(1)],
  ...after.map((values) => `${mean(values).toFixed(3)} ${range(values)}`),
]);
const machine = { processor: cpus()[0]?.model, threads };
const commit = currentCommit();
process.stdout.write(`${table([head, ...rows])}\n\n`);
process.stdout.write(
  `${options.dataset}, seeds ${seeds.join(', ')}, ${epochs} epochs; ${machine.processor}, ${machine.threads} threads, commit ${commit}\n`,
);
if (options.json) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ commit, machine, epochs, dataset: options.dataset, runs }, null, 2)}\n`,
  );
}
if (options.plot) writeFileSync(options.plot, await plot());

/** AUROC against cost: a point a way after so many epochs, its range over the seeds as a line. */
function plot() {
  const values = points.flatMap(({ name, cost, after }) =>
    after.map((aurocs, i) => ({
      ...{ name, cost, epoch: `after ${told[i]} epochs` },
      ...{ auroc: mean(aurocs), low: Math.min(...aurocs), high: Math.max(...aurocs) },
    })),
  );
  const names = WAYS.map(({ name }) => name);
  const x = { field: 'cost', type: 'quantitative', title: "time, % of the training steps'" };
  const y = { type: 'quantitative', title: 'AUROC', scale: { zero: false } };
  const series = (scale) => ({
    field: 'name',
    type: 'nominal',
    title: null,
    sort: names,
    scale: { domain: names, range: scale },
  });
  const color = {
    ...series(PALETTE.slice(0, names.length)),
    legend: { orient: 'bottom', columns: 1, labelLimit: 500 },
  };
  const spec = {
    data: { values },
    facet: {
      field: 'epoch',
      type: 'nominal',
      title: null,
      sort: told.map((epoch) => `after ${epoch} epochs`),
    },
    spec: {
      ...{ width: 190, height: 170 },
      layer: [
        {
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'point', filled: true, size: 60, opacity: 1 },
          encoding: { x, y: { ...y, field: 'auroc' }, color, shape: series(SHAPES.slice(0, names.length)) },
        },
      ],
    },
  };
  return drawChart(
    spec,
    `What speeds tell against what they cost, ${options.dataset}: ${rows.map((row) => row.join(' ')).join('; ')}.`,
  );
}

/**
 * What is measured, and over what: each point of a curve is a side of its own (`../side.mjs`). `grows` is the power that the
 * arithmetic grows with, `memoryGrows` that of the memory that must be held.
 */
import { hasFastBfloat16 } from '@la-ssl/torch';
import { withBlas } from '../blas.mjs';
import { ONE_THREAD, script } from '../works/shared.mjs';

/** What a training step has where it is not what is varied. */
const STEP = { width: 16, pairs: 64, size: 32 };
const TINY_STEP = { width: 4, pairs: 4, size: 16 };
const LOSS = ['--precision', hasFastBfloat16() ? 'bfloat16' : 'float32', '--warmup', '3'];

/** SimCLR's training step, as `la-ssl train` has it by default: bfloat16 where the processor has it. */
const step = (varied, x, { grows, memoryGrows, values }) => ({
  ...{ name: `step-${varied}`, title: 'Training step', x, grows, memoryGrows, values },
  effort: { seconds: 4, least: 5 },
  side(value, { threads, size }) {
    const options = { ...(size === 'tiny' ? TINY_STEP : STEP), [varied]: value };
    const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return {
      ...{ command: process.execPath, env: withBlas('openmp'), line: '1' },
      args: [script('simclr-step.mjs'), ...LOSS, '--threads', String(threads), ...given],
    };
  },
});

/** Small enough that an epoch of thousands takes seconds. */
const RUN = {
  ...{ dataset: 'shapes', encoder: 'resnet18', stem: 'cifar', width: 8, batchSize: 64 },
  ...{ sampler: 'uniform', epochs: 1, lrWarmupEpochs: 0, onlineEvaluation: false, alignedShare: 0.75 },
};
const TINY_RUN = { width: 4, batchSize: 16 };

/** @param file - of a side that takes the configuration of a run */
const run = (name, title, file, values) => ({
  ...{ name, title, x: 'examples', grows: 1, memoryGrows: 1, values },
  effort: { seconds: 4, least: 3 },
  side: (examples, { threads, size }) => ({
    ...{ command: process.execPath, env: withBlas('openmp'), line: '1' },
    args: [
      script(file),
      '--config',
      JSON.stringify({ ...RUN, ...(size === 'tiny' && TINY_RUN), examples, threads }),
    ],
  }),
});

/** What is done with one number or two of each example. @param file - of a side that takes `--examples` */
const bookkeeping = (name, title, file) => ({
  ...{ name, title, x: 'examples', grows: 1, memoryGrows: 1 },
  values: {
    full: [1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8],
    quick: [1e4, 1e5, 3e5, 1e6, 3e6],
    tiny: [1e3, 3e3, 1e4],
  },
  effort: { seconds: 4, least: 4 },
  side: (examples) => ({
    ...{ command: process.execPath, env: ONE_THREAD, line: '' },
    args: [script(file), '--examples', String(examples)],
  }),
});

export const CURVES = [
  step('width', 'width of the encoder', {
    ...{ grows: 2, memoryGrows: 1 },
    values: { full: [8, 12, 16, 24, 32, 48, 64], quick: [8, 16, 32], tiny: [4, 6, 8] },
  }),
  step('pairs', 'pairs in a batch', {
    ...{ grows: 1, memoryGrows: 1 },
    values: { full: [16, 32, 64, 96, 128, 192, 256], quick: [16, 32, 64, 128], tiny: [2, 4, 8] },
  }),
  step('size', 'side of an image, pixels', {
    ...{ grows: 2, memoryGrows: 2 },
    values: { full: [16, 24, 32, 48, 64, 80, 96], quick: [16, 24, 32, 48], tiny: [8, 12, 16] },
  }),
  run('epoch', 'A run of one epoch', 'train-run.mjs', {
    ...{ full: [256, 512, 1024, 2048, 4096, 8192], quick: [128, 256, 512, 1024], tiny: [16, 32, 64] },
  }),
  run('scoring', 'Full-pass scoring', 'scoring.mjs', {
    ...{
      full: [512, 1024, 2048, 4096, 8192, 16384, 32768],
      quick: [128, 256, 512, 1024],
      tiny: [16, 32, 64],
    },
  }),
  bookkeeping('speeds', 'Speeds taken in, and whom to rescore', 'speeds.mjs'),
  bookkeeping('sampling', 'Update and draws', 'sampling-epoch.mjs'),
];

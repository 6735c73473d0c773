/** The training step: ResNet-18 with the CIFAR stem, 64 pairs of 32×32 pixels, SimCLR, SGD; from equal weights on all sides. */
import { join } from 'node:path';
import { hasFastBfloat16 } from '@la-ssl/torch';
import { withBlas } from '../blas.mjs';
import { checkLosses, MALLOC, script } from './shared.mjs';

const step = ({ width, best, steps, warmup, rounds, minutes }) => ({
  name: `simclr-${width}`,
  title: `SimCLR step, ResNet-18 of width ${width}, 64 pairs of 32 × 32`,
  unit: 'ms a step',
  ...{ minutes, rounds, quickRounds: 3 },
  sides({ folder, python, threads, quick, tiny }) {
    const state = join(folder, 'state.safetensors');
    const fast = hasFastBfloat16() ? 'bfloat16' : 'float32';
    const shared = [
      ...['--width', String(tiny ? 4 : width), '--threads', String(threads)],
      ...['--warmup', String(quick ? 3 : warmup)],
    ];
    const few = tiny ? ['--pairs', '8'] : [];
    const line = String(tiny ? 1 : quick ? Math.ceil(steps / 2) : steps);
    const ours = (precision) => ({
      command: process.execPath,
      args: [script('simclr-step.mjs'), ...shared, ...few, '--precision', precision, '--export', state],
      env: withBlas('openmp'),
      ...{ line, precision },
    });
    const theirs = (precision, layout, env) => ({
      command: python,
      args: [
        script('simclr-step.py'),
        ...shared,
        '--precision',
        precision,
        '--layout',
        layout,
        '--load',
        state,
      ],
      ...{ python: true, line, precision, env },
    });
    const blas = withBlas('openmp');
    return [
      { name: `ours, ${fast}`, role: 'ours', ...ours(fast) },
      ...(fast === 'float32' ? [] : [{ name: 'ours, float32', role: 'information', ...ours('float32') }]),
      {
        ...{ name: 'PyTorch as commonly run', role: 'peer', target: 3 },
        ...theirs('float32', 'contiguous', withBlas('pthread')),
      },
      {
        ...{ name: 'PyTorch at its best', role: 'peer', target: best },
        ...theirs(fast, 'channels-last', blas),
      },
      {
        ...{ name: 'PyTorch at its best, our malloc', role: 'information' },
        ...theirs(fast, 'channels-last', { ...blas, ...MALLOC }),
      },
    ];
  },
  check: checkLosses,
});

export default [
  step({ width: 16, best: 1.5, steps: 12, warmup: 8, rounds: 8, minutes: 5 }),
  step({ width: 64, best: 1.15, steps: 2, warmup: 4, rounds: 6, minutes: 8 }),
];

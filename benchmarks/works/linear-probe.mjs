/**
 * A linear probe to convergence: 50,000 examples of 512 features, 10 classes, standardised, L2 as scikit-learn's default; both sides
 * to within 1e-6 of the best objective, relative.
 */
import { join } from 'node:path';
import { withBlas } from '../blas.mjs';
import { script } from './shared.mjs';

const EXAMPLES = 50_000;

export default [
  {
    name: 'linear-probe',
    title: 'Linear probe to convergence, 50,000 × 512 features, 10 classes',
    unit: 's',
    show: (ms) => (ms / 1000).toFixed(2),
    ...{ rounds: 5, quickRounds: 2, minutes: 6 },
    sides({ folder, python, threads, tiny }) {
      const file = join(folder, 'features.safetensors');
      const size = ['--examples', String(tiny ? 1000 : EXAMPLES), '--features', tiny ? '32' : '512'];
      const peer = (...setting) => ({
        ...{ python: true, command: python, env: withBlas('pthread'), exact: setting.includes('converged') },
        args: [script('linear-probe.py'), '--load', file, '--threads', String(threads), ...setting],
      });
      return [
        {
          ...{ name: 'ours', role: 'ours', command: process.execPath, env: withBlas('openmp'), warmup: 1 },
          args: [script('linear-probe.mjs'), ...size, '--threads', String(threads), '--export', file],
          ...{ exact: true, far: tiny ? 1e-3 : 2e-6 },
        },
        {
          ...{ name: 'scikit-learn lbfgs, to the same loss', role: 'peer', target: 2 },
          ...peer('--precision', 'float32', '--setting', 'converged'),
        },
        {
          ...{ name: 'scikit-learn lbfgs, as it comes', role: 'information' },
          ...peer('--precision', 'float64', '--setting', 'default'),
        },
      ];
    },
    checkRounds: sameObjective,
  },
];

/** Each is within 1e-6 of the optimum. */
function sameObjective(sides) {
  const [ours] = sides;
  for (const { name, rounds } of sides.filter(({ exact }) => exact)) {
    const [a, b] = [rounds[0].objective, ours.rounds[0].objective];
    if (!(Math.abs(a / b - 1) < ours.far))
      throw new Error(`${name} ends with objective ${a}, ours with ${b}`);
  }
}

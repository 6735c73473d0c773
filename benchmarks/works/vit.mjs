/** The training step of MAE and DINO: ViT-Tiny with patches of 4, 64 images of 32×32 pixels, AdamW; from equal weights on all sides. */
import { join } from 'node:path';
import { hasFastBfloat16 } from '@la-ssl/torch';
import { withBlas } from '../blas.mjs';
import { checkLosses, script } from './shared.mjs';

/** @param steps - of a round: few, so that sides take turns often */
const vit = (method, title, { steps, rounds }) => ({
  name: method,
  title: `${title} step, ViT-Tiny/4, 64 images of 32 × 32`,
  unit: 'ms a step',
  ...{ rounds, quickRounds: 3, minutes: 8 },
  sides({ folder, python, threads, quick, tiny }) {
    const state = join(folder, 'state.safetensors');
    const fast = hasFastBfloat16() ? 'bfloat16' : 'float32';
    const shared = [
      ...['--method', method, '--threads', String(threads), '--depth', tiny ? '1' : '12'],
      ...['--warmup', quick ? '3' : '5'],
    ];
    const few = tiny ? ['--images', '8'] : [];
    const line = String(tiny ? 1 : steps);
    const ours = (precision) => ({
      command: process.execPath,
      args: [script('vit-step.mjs'), ...shared, ...few, '--precision', precision, '--export', state],
      ...{ line, precision, env: withBlas('openmp') },
    });
    const theirs = (precision, blas) => ({
      command: python,
      args: [script('vit-step.py'), ...shared, '--precision', precision, '--load', state],
      ...{ python: true, line, precision, env: withBlas(blas) },
    });
    return [
      { name: `ours, ${fast}`, role: 'ours', ...ours(fast) },
      ...(fast === 'float32' ? [] : [{ name: 'ours, float32', role: 'information', ...ours('float32') }]),
      { name: 'PyTorch as commonly run', role: 'information', ...theirs('float32', 'pthread') },
      { name: 'PyTorch at its best', role: 'peer', target: 1.3, ...theirs(fast, 'openmp') },
    ];
  },
  check: checkLosses,
});

export default [vit('mae', 'MAE', { steps: 3, rounds: 20 }), vit('dino', 'DINO', { steps: 1, rounds: 15 })];

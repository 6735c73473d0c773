/** An epoch of SimCLR on Corrupted CIFAR-10, loading, augmentation, checkpoint included; each round has a seed of its own. */
import { join } from 'node:path';
import { hasFastBfloat16 } from '@la-ssl/torch';
import { withBlas } from '../blas.mjs';
import { script } from './shared.mjs';

const LR = 0.06;
const SETTINGS = {
  ...{ dataset: 'corrupted-cifar10', encoder: 'resnet18', stem: 'cifar', width: 16 },
  ...{ sampler: 'uniform', epochs: 1, batchSize: 64, temperature: 0.5, onlineEvaluation: false },
  ...{ lr: LR, lrWarmupEpochs: 0, weightDecay: 5e-4, momentum: 0.9 },
};

export default [
  {
    name: 'epoch',
    title:
      'An epoch of Corrupted CIFAR-10 (6,400 images, of 50,000), SimCLR, ResNet-18 of width 16, loading and augmentation included',
    unit: 's',
    show: (ms) => (ms / 1000).toFixed(2),
    ...{ rounds: 3, quickRounds: 2, minutes: 8 },
    sides({ folder, python, threads, quick, tiny }) {
      const images = join(folder, 'images.bin');
      // Whole batches, and as many of each class.
      const examples = tiny ? 320 : quick ? 1920 : 6400;
      const width = tiny ? 4 : SETTINGS.width;
      const lines = (round) => String(round);
      const config = { ...SETTINGS, examples, width, threads };
      const peer = (workers) => ({
        ...{ name: `PyTorch at its best, workers: ${workers}`, role: 'peer', target: 1.6 },
        ...{ python: true, command: python, env: withBlas('openmp'), lines },
        args: [
          script('train-epoch.py'),
          ...['--images', images, '--lr', String(LR), '--width', String(width), '--workers', String(workers)],
          ...['--threads', String(threads), '--precision', hasFastBfloat16() ? 'bfloat16' : 'float32'],
        ],
      });
      return [
        {
          ...{ name: 'ours, la-ssl train', role: 'ours', command: process.execPath, env: withBlas('openmp') },
          ...{ lines },
          args: [script('train-run.mjs'), '--config', JSON.stringify(config), '--export', images],
        },
        peer(1),
        peer(2),
      ];
    },
    checkRounds: learnAlike,
  },
];

/** From other weights and views, so that losses are only about the same. */
function learnAlike(sides) {
  const [ours] = sides;
  for (const { name, rounds } of sides) {
    const [a, b] = [rounds[0].loss, ours.rounds[0].loss];
    if (!(Math.abs(a - b) < 0.5)) throw new Error(`${name} has another loss: ${a}, ours ${b}`);
  }
}

/**
 * What learning speeds cost: a whole run of `la-ssl train` on drawn shapes, LA-SSL against uniform with the same steps, the speeds
 * measured in the training steps or by the paper's full pass before every epoch. Each round has a seed of its own.
 */
import { withBlas } from '../blas.mjs';
import { script } from './shared.mjs';

const SETTINGS = {
  ...{ dataset: 'shapes', examples: 2560, encoder: 'resnet18', stem: 'cifar', width: 16 },
  ...{ epochs: 4, batchSize: 64, lr: 0.1, lrWarmupEpochs: 1, temperature: 0.2, cropScale: 0.2 },
  ...{ warmupEpochs: 1, updateEvery: 1, uniformShare: 0.35, onlineEvaluation: false },
};
const QUICK = { examples: 1280, epochs: 3 };
const TINY = { examples: 64, batchSize: 16, width: 4, epochs: 3, alignedShare: 0.75 };

export default [
  {
    name: 'la-ssl-cost',
    title: 'LA-SSL against uniform, whole run, same steps (ResNet-18 of width 16, drawn shapes)',
    unit: 's a run',
    show: (ms) => (ms / 1000).toFixed(2),
    ...{ rounds: 3, quickRounds: 1, minutes: 10 },
    sides({ threads, quick, tiny }) {
      const side = (own) => ({
        ...{ command: process.execPath, env: withBlas('openmp') },
        args: [
          script('train-run.mjs'),
          ...[
            '--config',
            JSON.stringify({ ...SETTINGS, ...(quick && QUICK), ...(tiny && TINY), threads, ...own }),
          ],
        ],
        lines: (round) => String(round),
      });
      return [
        {
          ...{ name: 'LA-SSL, speeds from the steps', role: 'ours' },
          ...side({ sampler: 'la-ssl', scoring: 'in-step' }),
        },
        { name: 'uniform', role: 'peer', target: 1 / 1.05, ...side({ sampler: 'uniform' }) },
        {
          ...{ name: "LA-SSL, the paper's full pass", role: 'information' },
          ...side({ sampler: 'la-ssl', scoring: 'full-pass' }),
        },
      ];
    },
    conditions: sameAuroc,
  },
];

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** That a conflicting image is slower, at the last update: in the steps as by the full pass. */
function sameAuroc(sides) {
  const [ours, , paper] = sides.map(({ rounds }) => mean(rounds.map(({ slower }) => slower)));
  return [
    {
      what: `AUROC of speeds ${ours.toFixed(3)}, full pass ${paper.toFixed(3)}`,
      target: 'within 0.01',
      reached: ours > paper - 0.01,
    },
  ];
}

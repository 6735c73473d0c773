/**
 * What learning speeds cost: a whole run of `la-ssl train` on drawn shapes, LA-SSL against uniform with the same steps, the speeds
 * measured in the training steps (and by a pass over some of what these do not show) or by a pass over all before every epoch, as
 * in the paper. Each round has a seed of its own. Runs of ten seconds and more, whose times differ by hundredths, on machines that are
 * by a third slower for some seconds: within a round all take turns, by tenths of a second.
 */
import { pairedTInterval } from 'la-ssl/evaluation';
import { withBlas } from '../blas.mjs';
import { script } from './shared.mjs';

const SETTINGS = {
  ...{ dataset: 'shapes', examples: 2560, encoder: 'resnet18', stem: 'cifar', width: 16 },
  ...{ epochs: 6, batchSize: 64, lr: 0.1, lrWarmupEpochs: 1, temperature: 0.2, cropScale: 0.2 },
  ...{ warmupEpochs: 3, updateEvery: 1, uniformShare: 0.35, onlineEvaluation: false },
};
const QUICK = { examples: 1280, epochs: 4 };
const TINY = { examples: 64, batchSize: 16, width: 4, epochs: 4, alignedShare: 0.75 };

export default [
  {
    name: 'la-ssl-cost',
    title: 'LA-SSL against uniform, whole run, same steps (ResNet-18 of width 16, drawn shapes)',
    unit: 's a run',
    show: (ms) => (ms / 1000).toFixed(2),
    ...{ rounds: 5, quickRounds: 1, minutes: 14, slice: 100 },
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
          ...side({ sampler: 'la-ssl' }),
        },
        { name: 'uniform', role: 'peer', target: 1 / 1.05, ...side({ sampler: 'uniform' }) },
        {
          ...{ name: 'LA-SSL, speeds from the steps, none rescored', role: 'information' },
          ...side({ sampler: 'la-ssl', rescoreShare: 0 }),
        },
        {
          ...{ name: 'LA-SSL, full passes', role: 'information' },
          ...side({ sampler: 'la-ssl', scoring: 'full-pass' }),
        },
        {
          ...{ name: 'LA-SSL, full passes, averaged from the first', role: 'information' },
          ...side({ sampler: 'la-ssl', scoring: 'full-pass', emaBiasCorrection: false }),
        },
      ];
    },
    conditions: sameAuroc,
  },
];

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** By how much less an AUROC may be. */
const WITHIN = 0.01;

/**
 * That a conflicting image is slower, at the last update: in the steps as by full passes, over the rounds' seeds. Whether that is
 * reached only an interval tells that lies on one side: a few seeds cannot.
 */
function sameAuroc(sides) {
  const [ours, , none, pass, first] = sides.map(({ rounds }) => rounds.map(({ slower }) => slower));
  const few = ours.length < 2;
  const differences = few ? [] : [pass, first].map((other) => pairedTInterval(other, ours));
  const less = (i) =>
    few ? '' : `, ours less that [${differences[i].low.toFixed(3)}, ${differences[i].high.toFixed(3)}]`;
  const within = !few && differences.every(({ low }) => low >= -WITHIN);
  const apart = differences.some(({ high }) => high < -WITHIN);
  return [
    {
      what:
        `AUROC of speeds ${mean(ours).toFixed(3)}, none rescored ${mean(none).toFixed(3)}, ` +
        `full passes ${mean(pass).toFixed(3)}${less(0)}, averaged from the first ${mean(first).toFixed(3)}${less(1)}`,
      target: `within ${WITHIN}`,
      reached: within || (apart ? false : null),
    },
  ];
}

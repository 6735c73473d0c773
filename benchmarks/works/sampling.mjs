/**
 * New probabilities and an epoch of draws: N examples with log-normal speeds, the paper's rule with a tenth of the draws uniform,
 * N draws with replacement; one thread.
 */
import { ONE_THREAD, script } from './shared.mjs';

/** PyTorch's sampler refuses more. */
const TORCH_LIMIT = 2 ** 24;

/** @param warmup - rounds until our side is compiled, by the examples */
const sampling = ({ size, count, minutes, rounds, quickRounds, warmup, target, conditions }) => ({
  name: `sampling-${size}`,
  title: `Update of probabilities and an epoch of draws, N = ${count.toLocaleString('en')}`,
  unit: 'ms an epoch',
  ...{ minutes, rounds, quickRounds, conditions },
  sides({ python, tiny }) {
    const examples = ['--examples', String(tiny ? Math.min(count, 20_000) : count)];
    const peer = (name, peer) => ({
      ...{ name, role: 'peer', target, python: true, command: python, env: ONE_THREAD },
      args: [script('sampling-epoch.py'), '--peer', peer, ...examples],
      warmup: 1,
    });
    return [
      {
        ...{ name: 'ours', role: 'ours', command: process.execPath, env: ONE_THREAD },
        args: [script('sampling-epoch.mjs'), ...examples],
        warmup: tiny ? 1 : warmup,
      },
      ...(target ? [peer('NumPy choice', 'numpy')] : []),
      ...(target && count < TORCH_LIMIT ? [peer('PyTorch WeightedRandomSampler', 'torch')] : []),
    ];
  },
  checkRounds: (sides) => checkDraws(tinyOr(count, sides), sides),
});

const tinyOr = (count, [{ args }]) => Math.min(count, Number(args.at(-1)));

/** The mean speed of the draws has a standard deviation of about 0.2 / √N; the speeds themselves, 0.4 / √N. */
function checkDraws(count, sides) {
  const far = 5 / Math.sqrt(count);
  const [ours] = sides;
  for (const { name, rounds } of sides) {
    const [a, b] = [rounds[0].meanSpeed, ours.rounds[0].meanSpeed];
    if (!(Math.abs(a - b) < far)) {
      throw new Error(`${name} draws other examples: their mean speed is ${a}, that of ours ${b}`);
    }
  }
}

function underLimits([{ rounds }]) {
  const seconds = Math.max(...rounds.map(({ ms }) => ms)) / 1000;
  const gigabytes = Math.max(...rounds.map(({ peakMB }) => peakMB)) / 1000;
  return [
    { what: `${seconds.toFixed(1)} s`, target: 'under 20 s', reached: seconds < 20 },
    { what: `${gigabytes.toFixed(2)} GB of memory`, target: 'under 3 GB', reached: gigabytes < 3 },
  ];
}

export default [
  sampling({
    ...{ size: '1m', count: 1_000_000, target: 5 },
    ...{ minutes: 3, rounds: 9, quickRounds: 5, warmup: 10 },
  }),
  sampling({
    ...{ size: '10m', count: 10_000_000, target: 5 },
    ...{ minutes: 5, rounds: 5, quickRounds: 2, warmup: 3 },
  }),
  sampling({
    ...{ size: '100m', count: 100_000_000, conditions: underLimits },
    ...{ minutes: 5, rounds: 2, quickRounds: 1, warmup: 0 },
  }),
];

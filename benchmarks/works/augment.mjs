/** SimCLR's augmentation, one thread: a view of each image, from bytes to float32 tensors. */
import { ONE_THREAD, script } from './shared.mjs';

const augment = ({ size, images, rounds, minutes }) => ({
  name: `augment-${size}`,
  title: `SimCLR augmentation of ${size} × ${size} images, one thread`,
  unit: 'images a second',
  show: (ms) => ((images / ms) * 1000).toFixed(0),
  ...{ rounds, minutes },
  sides({ python, tiny }) {
    const args = ['--size', String(size), '--images', String(tiny ? Math.ceil(images / 4) : images)];
    const peer = (name, kind, target) => ({
      ...{ name, python: true, command: python, env: ONE_THREAD, warmup: 1 },
      ...(target ? { role: 'peer', target } : { role: 'information' }),
      args: [script('augment.py'), '--kind', kind, ...args],
    });
    return [
      {
        ...{ name: 'ours', role: 'ours', command: process.execPath, env: ONE_THREAD },
        args: [script('augment.mjs'), ...args],
        warmup: tiny ? 1 : 3,
      },
      peer('torchvision on PIL images', 'pil', 6),
      peer('torchvision on tensors', 'float', 3),
      peer('torchvision on tensors of bytes', 'uint8'),
    ];
  },
  checkRounds: checkViews,
});

/** Crops, jitter and the rest must leave as much light and contrast as on our side, up to chance. */
function checkViews(sides) {
  const [ours] = sides;
  for (const { name, rounds } of sides) {
    const far = Math.max(0.05, 0.6 / Math.sqrt(ours.args.at(-1)));
    for (const statistic of ['mean', 'std']) {
      const [a, b] = [rounds[0][statistic], ours.rounds[0][statistic]];
      if (!(Math.abs(a - b) < far)) {
        throw new Error(`${name} makes other views: their ${statistic} is ${a}, that of ours ${b}`);
      }
    }
  }
}

export default [
  augment({ size: 32, images: 1024, rounds: 9, minutes: 3 }),
  augment({ size: 224, images: 64, rounds: 5, minutes: 5 }),
];

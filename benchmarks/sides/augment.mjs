/**
 * Our side of `works/augment.mjs`: one view of each image by SimCLR's augmentation, in batches, on one thread. It prints
 * `{ version, threads }` when it is ready, then for each line `{ ms, cpuMs, mean, std }`, the latter of all views.
 */
import { parseArgs } from 'node:util';
import { fromData, getThreads, libtorchVersion, setThreads } from '@la-ssl/torch';
import { SIMCLR_CIFAR, SIMCLR_IMAGENET, simclrAugment } from 'la-ssl/augment';
import { Random } from 'la-ssl/random';
import { pictures } from './pictures.mjs';
import { serve, timed } from './serve.mjs';

const { values: options } = parseArgs({
  options: { size: { type: 'string', default: '32' }, images: { type: 'string', default: '512' } },
});
const [size, count] = [Number(options.size), Number(options.images)];
/** As many as a training step has. */
const BATCH = 64;

setThreads(1);
const recipe = size > 64 ? SIMCLR_IMAGENET : SIMCLR_CIFAR;
// Without normalisation the views' mean says whether both sides do alike; it costs as much with other numbers.
const view = simclrAugment({ ...recipe, mean: [0, 0, 0], std: [1, 1, 1] });
const pixels = pictures(count, size);
const bytes = pixels.length / count;

let round = 0;
await serve({ version: libtorchVersion, threads: getThreads() }, async () => {
  const random = new Random(0, round++);
  const views = [];
  const { ms, cpuMs } = await timed(() => {
    for (let start = 0; start < count; start += BATCH) {
      const end = Math.min(start + BATCH, count);
      const images = fromData(pixels.subarray(start * bytes, end * bytes), [end - start, 3, size, size]);
      views.push(view(images, random));
      images.dispose();
    }
  });
  const mean = average(views.map((some) => some.mean().item()));
  const std = average(views.map((some) => some.std().item()));
  for (const some of views) some.dispose();
  return { ms, cpuMs, mean, std };
});

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Our side of `works/jpeg-folder.mjs`: decodes a folder of image files, without its cache, and makes float32 tensors of its batches.
 * It prints `{ version }`, then for each line `{ ms, cpuMs, means }`, the latter of the first image of each batch.
 */
import { parseArgs } from 'node:util';
import { fromData } from '@la-ssl/torch';
import { toUnitRange } from 'la-ssl/augment';
import { imagesAt, loadSplit } from 'la-ssl/data';
import { serve, timed } from './serve.mjs';

const BATCH = 64;
const { values: options } = parseArgs({
  options: { path: { type: 'string' }, size: { type: 'string', default: '224' } },
});
const spec = { name: 'folder', path: options.path, imageSize: Number(options.size), cacheImages: 'off' };

async function meansOfBatches() {
  const dataset = await loadSplit(spec, 'train');
  const { count, channels, height, width } = dataset.shape;
  const means = [];
  for (let start = 0; start < count; start += BATCH) {
    const indices = Int32Array.from({ length: Math.min(BATCH, count - start) }, (_, i) => start + i);
    const bytes = fromData(imagesAt(dataset, indices), [indices.length, channels, height, width]);
    const images = toUnitRange(bytes);
    const first = images.select(0, 0);
    means.push(first.mean().item());
    for (const tensor of [bytes, images, first]) tensor.dispose();
  }
  return means;
}

await serve({ version: process.version }, async () => {
  const { result: means, ...time } = await timed(meansOfBatches);
  return { ...time, means };
});

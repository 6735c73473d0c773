/** A folder of JPEG files of 500 × 375 pixels to tensors of 224 × 224: the shorter side resized, the middle cut out. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from 'la-ssl/random';
import sharp from 'sharp';
import { pictures } from '../sides/pictures.mjs';
import { script } from './shared.mjs';

const [WIDTH, HEIGHT] = [500, 375];
const CLASSES = ['even', 'odd'];

/** Cut from some larger pictures with the noise of a camera, so that files are about as large as photographs'. */
async function writeImages({ folder, quick, tiny }) {
  const count = tiny ? 16 : quick ? 400 : 2000;
  const [width, height] = [WIDTH + 100, HEIGHT + 75];
  const sources = await Promise.all(Array.from({ length: tiny ? 1 : 8 }, (_, k) => source(k, width, height)));
  for (const name of CLASSES) await mkdir(join(folder, 'train', name), { recursive: true });
  const random = new Random(3);
  for (let i = 0; i < count; i++) {
    const region = { left: random.below(100), top: random.below(75), width: WIDTH, height: HEIGHT };
    await sharp(sources[i % sources.length], { raw: { width, height, channels: 3 } })
      .extract(region)
      .jpeg({ quality: 85 })
      .toFile(join(folder, 'train', CLASSES[i % 2], `${String(i).padStart(5, '0')}.jpg`));
  }
}

/** @returns bytes `[H, W, 3]` */
function source(seed, width, height) {
  const planes = pictures(1, width, height, seed);
  const random = new Random(4, seed);
  return Uint8Array.from({ length: planes.length }, (_, i) => {
    const value = planes[(i % 3) * width * height + Math.floor(i / 3)] + 12 * random.normal();
    return Math.max(0, Math.min(255, value));
  });
}

export default [
  {
    name: 'jpeg-folder',
    title: 'JPEG folder (2,000 files of 500 × 375) to tensors of 224 × 224',
    unit: 's',
    show: (ms) => (ms / 1000).toFixed(2),
    ...{ rounds: 4, quickRounds: 2, minutes: 6 },
    prepare: writeImages,
    sides({ folder, python }) {
      const path = join(folder, 'train');
      const peer = (workers) => ({
        ...{ name: `torchvision, workers: ${workers}`, role: 'peer', target: 1.5, warmup: 1 },
        ...{ python: true, command: python },
        args: [script('jpeg-folder.py'), '--path', path, '--workers', String(workers)],
      });
      return [
        {
          ...{ name: 'ours', role: 'ours', command: process.execPath, warmup: 1 },
          args: [script('jpeg-folder.mjs'), '--path', path],
        },
        peer(1),
        peer(2),
      ];
    },
    checkRounds: samePixels,
  },
];

/** The same files in the same order: first images of the batches are alike but for the rounding of two JPEG decoders. */
function samePixels(sides) {
  const [ours] = sides;
  for (const { name, rounds } of sides) {
    rounds[0].means.forEach((mean, i) => {
      const wanted = ours.rounds[0].means[i];
      if (!(Math.abs(mean - wanted) < 0.004)) {
        throw new Error(`${name} has other images: the mean of batch ${i} is ${mean}, ours ${wanted}`);
      }
    });
  }
}

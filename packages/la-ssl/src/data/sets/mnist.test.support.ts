/** @file A small stand-in for MNIST, for tests: soft strokes of 28×28 pixels, with labels, and its idx files. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../random.js';
import type { TrainOrTest } from '../dataset.js';
import { MNIST, type MnistOrigin } from './mnist.js';

const PREFIXES = { train: 'train', test: 't10k' } as const;

export interface StandIn {
  origin: MnistOrigin;
  /** `[N, 28, 28]` of each split. */
  images: Record<TrainOrTest, Uint8Array>;
  /** i mod 10, `[N]` of each split. */
  labels: Record<TrainOrTest, Uint8Array>;
}

/** Strokes from 0 to 255 on black, a slope and a place of its own for each image. */
export function standIn(counts: Record<TrainOrTest, number>): StandIn {
  const random = new Random(5);
  const draw = (count: number): Uint8Array => {
    const pixels = new Uint8Array(count * 784);
    for (let i = 0; i < count; i++) {
      const [slope, offset] = [random.uniform(-1, 1), random.uniform(8, 20)];
      for (let p = 0; p < 784; p++) {
        const distance = Math.abs((p % 28) - offset - slope * (Math.floor(p / 28) - 14));
        pixels[i * 784 + p] = Math.max(0, 255 - 90 * distance);
      }
    }
    return pixels;
  };
  const images = { train: draw(counts.train), test: draw(counts.test) };
  const label = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i % 10);
  const labels = { train: label(counts.train), test: label(counts.test) };
  const sum = (split: TrainOrTest): string => {
    const hash = createHash('sha256');
    for (const [i, digit] of labels[split].entries())
      hash.update(Buffer.of(digit)).update(images[split].subarray(i * 784, (i + 1) * 784));
    return hash.digest('hex');
  };
  return { origin: { ...MNIST, counts, sha256: { train: sum('train'), test: sum('test') } }, images, labels };
}

/** The four idx files by name. */
export function idxFiles({ images, labels }: Pick<StandIn, 'images' | 'labels'>): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (const [split, prefix] of Object.entries(PREFIXES) as [TrainOrTest, string][]) {
    const count = labels[split].length;
    files[`${prefix}-images-idx3-ubyte`] = Buffer.concat([words(2051, count, 28, 28), images[split]]);
    files[`${prefix}-labels-idx1-ubyte`] = Buffer.concat([words(2049, count), labels[split]]);
  }
  return files;
}

function words(...numbers: number[]): Buffer {
  const head = Buffer.alloc(4 * numbers.length);
  for (const [i, number] of numbers.entries()) head.writeUInt32BE(number, 4 * i);
  return head;
}

/** Writes the idx files into a folder. @returns the folder */
export function writeIdxFiles(folder: string, source: Pick<StandIn, 'images' | 'labels'>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(idxFiles(source))) writeFileSync(join(folder, name), content);
  return folder;
}

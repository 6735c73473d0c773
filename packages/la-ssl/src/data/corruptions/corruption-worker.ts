/** @file One of the threads of `corruption-pool.ts`. */
import { workerData } from 'node:worker_threads';
import { Random } from '../../random.js';
import { answer } from '../thread-pool.js';
import type { CorruptionJob, Range } from './corruption-pool.js';
import { corrupt } from './index.js';

const { images, corrupted, indices, codes, names, severity, key, shape, frost } = workerData as CorruptionJob;
const { height, width } = shape;
const area = height * width;

answer(([first, end]: Range) => {
  for (let i = first; i < end; i++) corruptOne(i);
  return end - first;
});

function corruptOne(i: number): void {
  const start = i * area * 3;
  const picture = new Uint8Array(area * 3);
  // [channel, pixel] -> [pixel, channel]
  for (let c = 0; c < 3; c++) {
    for (let p = 0; p < area; p++) picture[p * 3 + c] = images[start + c * area + p]!;
  }
  const random = new Random(...key, indices[i]!);
  const name = names[codes[i]!]!;
  const result = corrupt(picture, { name, severity, height, width, random, ...(frost && { frost }) });
  for (let c = 0; c < 3; c++) {
    for (let p = 0; p < area; p++) corrupted[start + c * area + p] = result[p * 3 + c]!;
  }
}

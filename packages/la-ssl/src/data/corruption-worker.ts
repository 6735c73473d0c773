/** @file One of the threads of `corruption-pool.ts`: takes the next few images until none are left. */
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../random.js';
import type { CorruptionJob } from './corruption-pool.js';
import { corrupt } from './corruptions/index.js';

const atATime = 50;

const { images, corrupted, next, indices, codes, names, severity, key, shape, frost } =
  workerData as CorruptionJob;
const { height, width } = shape;
const area = height * width;

for (;;) {
  const first = Atomics.add(next, 0, atATime);
  const end = Math.min(first + atATime, codes.length);
  if (first >= end) break;
  for (let i = first; i < end; i++) corruptOne(i);
  parentPort?.postMessage(end - first);
}

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

/**
 * @file The moments of every corruption over the first 1,000 CIFAR-10 test images, against the official script,
 * and the time that each corruption takes. Not part of the quick suite: it needs CIFAR-10 in the cache, and
 * `LA_SSL_FROST` may name a folder with the official frost pictures, which are then checked too.
 *
 *     la-ssl data cifar10 && node packages/la-ssl/dist/data/corruptions/fidelity.test.slow.js
 *
 * Prints a table, and ends with an error if a figure is further than 10 % from the official one.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../random.js';
import { cacheFolder } from '../cache.js';
import { CORRUPTIONS, type CorruptionName, corrupt, loadFrostPictures, type Picture } from './index.js';
import { largestDifference, momentsOf, readRecord, SEVERITIES, SIDE } from './official.test.fixtures.js';

const LIMIT = 0.1;
const IMAGES = 1000;
const LABEL = 1;
const AREA = SIDE * SIDE;

const record = readRecord();
const images = readTestImages(join(cacheFolder(), 'cifar10', 'test.bin'));
const frostFolder = process.env.LA_SSL_FROST;
const photographs = frostFolder ? await loadFrostPictures(frostFolder) : undefined;

const failed: string[] = [];
console.log(`${'corruption'.padEnd(28)}${'worst figure over severities'.padEnd(40)}ms an image`);
for (const name of CORRUPTIONS) {
  if (name === 'identity') continue;
  check(name, name === 'frost' ? 'frost, grown' : name);
  if (name === 'frost' && photographs) check(name, 'frost, photographs', photographs);
}
if (!photographs) console.log('Frost photographs were not checked: set LA_SSL_FROST to their folder.');
if (failed.length > 0) {
  console.error(`Further than 10 % from the official script: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/** Compares one corruption at all severities and prints its line. */
function check(name: CorruptionName, title: string, frost?: readonly Picture[]): void {
  let worst = { share: 0, of: 'nothing', severity: 0 };
  let microseconds = 0;
  for (const severity of SEVERITIES) {
    const start = process.cpuUsage();
    const corrupted = images.map((image, index) => {
      const random = new Random(1, index, severity);
      return corrupt(image, { name, severity, height: SIDE, width: SIDE, random, ...(frost && { frost }) });
    });
    const { user, system } = process.cpuUsage(start);
    microseconds += user + system;
    const difference = largestDifference(momentsOf(corrupted, images), record.thousand[name]![severity - 1]!);
    if (difference.share >= worst.share) worst = { ...difference, severity };
  }
  const figure = `${(100 * worst.share).toFixed(2)} % (${worst.of}, severity ${worst.severity})`;
  const milliseconds = microseconds / 1000 / images.length / SEVERITIES.length;
  console.log(`${title.padEnd(28)}${figure.padEnd(40)}${milliseconds.toFixed(3)}`);
  if (!(worst.share <= LIMIT)) failed.push(title);
}

/** The first images of CIFAR-10's binary format (a label, then three planes), as pixels. */
function readTestImages(file: string): Uint8Array[] {
  const bytes = readFileSync(file);
  const hash = createHash('sha256');
  const pictures = Array.from({ length: IMAGES }, (_, index) => {
    const start = index * (LABEL + 3 * AREA) + LABEL;
    const picture = Uint8Array.from(
      { length: 3 * AREA },
      (_, k) => bytes[start + (k % 3) * AREA + Math.floor(k / 3)]!,
    );
    hash.update(picture);
    return picture;
  });
  if (hash.digest('hex') !== record.images.sha256) {
    throw new Error(
      `${file} does not begin with the CIFAR-10 test images; fetch it again: la-ssl data cifar10`,
    );
  }
  return pictures;
}

/** @file What the tests of this room share: a run of seconds, and what it leaves. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { drawShapes } from '../data/sets/shapes.js';
import { type ResolvedConfig, resolveConfig, type TrainOptions, trainConfigSchema } from './config.js';
import type { MetricsEvent, TrainEvent } from './events.js';
import { pretrain } from './pretrain.js';
import { RunFolder } from './run-folder.js';

/** 4 steps an epoch; one line of the metrics falls inside of an epoch, one at its end; evaluated after 0, 2 and 3. */
export const TINY = {
  dataset: 'shapes',
  examples: 48,
  testExamples: 4,
  alignedShare: 0.75,
  batchSize: 12,
  epochs: 3,
  stem: 'imagenet',
  width: 4,
  projections: 8,
  warmupEpochs: 1,
  updateEvery: 1,
  logEvery: 3,
  knnEvery: 2,
  threads: 1,
  precision: 'float32',
} as const satisfies TrainOptions;

/** Every way to draw and to measure speeds. */
export const MODES: readonly TrainOptions[] = [
  { sampler: 'uniform' },
  { sampler: 'la-ssl', scoring: 'full-pass' },
  { sampler: 'la-ssl', scoring: 'in-step' },
  { sampler: 'oracle', conflictingShare: 0.5 },
];
export const nameOf = ({ sampler, scoring }: TrainOptions): string =>
  [sampler, scoring].filter(Boolean).join(', ');

export const dataset = drawShapes('train', { name: 'shapes', examples: 48, alignedShare: 0.75 });

export function tinyConfig(options: TrainOptions = {}): ResolvedConfig {
  return resolveConfig(trainConfigSchema.parse({ ...TINY, ...options }));
}

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'la-ssl-training-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A run that was created and not yet trained. */
export async function newRun(
  t: TestContext,
  options: TrainOptions = {},
): Promise<{ folder: RunFolder; config: ResolvedConfig }> {
  const config = tinyConfig(options);
  const folder = new RunFolder(join(temporaryFolder(t), 'run'));
  await folder.create(config);
  return { folder, config };
}

/** Goes on with a run, and stops it when `stopAt` says so of an event. */
export async function goOn(
  run: { folder: RunFolder; config: ResolvedConfig },
  stopAt: (event: TrainEvent) => boolean = () => false,
  profile = false,
): Promise<'finished' | 'interrupted'> {
  const controller = new AbortController();
  return pretrain(run.config, {
    dataset,
    folder: run.folder,
    profile,
    signal: controller.signal,
    onEvent: (event) => {
      if (stopAt(event)) controller.abort();
    },
  });
}

/** A metrics line without what differs from run to run. */
export function withoutTimes(event: MetricsEvent): object {
  return Object.fromEntries(
    Object.entries(event).filter(([key]) => !/^(seconds|scoringSeconds|examplesPerSecond)$/.test(key)),
  );
}

/** All that two runs of the same config must have in common, to the bit. */
export function resultOf(folder: RunFolder): { encoder: string; metrics: object[] } {
  return {
    encoder: readFileSync(folder.encoderFile).toString('base64'),
    metrics: folder
      .readMetrics()
      .filter(({ kind }) => kind !== 'profile')
      .map(withoutTimes),
  };
}

/**
 * @file Fine-tuning: the whole encoder with a linear head, trained on the labels, then measured by group.
 *
 * Cross-entropy, SGD with momentum, one cosine from the first rate to 0; views are cropped and flipped only. Unlike a
 * probe it may undo what pretraining did, so it says how good a start the encoder is. The test set is looked at once, at
 * the end. Source of the recipe: Chen et al. 2020 (SimCLR), Appendix B.5, https://arxiv.org/abs/2002.05709
 */
import { setImmediate } from 'node:timers/promises';
import { autocast, crossEntropyLoss, fromData, nn, noGrad, optim, scope, zeros } from '@la-ssl/torch';
import { evalTransform, simclrAugment } from '../augment/index.js';
import { groupsOf, type ImageDataset, imagesAt } from '../data/index.js';
import type { Encoder } from '../models/index.js';
import { Random } from '../random.js';
import { permutation } from '../sampling/index.js';
import { cosineLr } from '../training/index.js';
import { extractFeatures } from './features.js';
import { type FineTuneCheckpoint, loadFineTune, saveFineTune } from './fine-tune-checkpoint.js';
import { softmax } from './linear-classifier.js';
import { labelledOnly, requireClasses } from './probe-kinds.js';
import { type ProbeOutcome, probeOutcome } from './probe-outcome.js';

export interface FineTuneOptions {
  /** ≥ 1 */
  epochs: number;
  /** ≥ 2; what is left of an epoch below two examples is passed over. */
  batchSize: number;
  /** Of the first step, > 0. */
  lr: number;
  /** ≥ 0 */
  weightDecay: number;
  /** Least share of the area that a crop keeps, in (0, 1]. */
  cropScale: number;
  /** Whole number from 0 to 2³² − 1: of the order and the views. */
  seed: number;
  precision?: 'float32' | 'bfloat16';
  onStep?: ((done: number, total: number, loss: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Gone on from where it is there; written after each epoch, and where `signal` stops it. */
  checkpoint?: FineTuneCheckpoint | undefined;
}

export const FINE_TUNE_DEFAULTS = {
  epochs: 30,
  batchSize: 128,
  lr: 0.01,
  weightDecay: 1e-4,
  cropScale: 0.5,
  seed: 0,
} as const satisfies FineTuneOptions;

const MOMENTUM = 0.9;
const ORDER = 0x6f7264; // keeps the random numbers of the order apart from those of the views
const VIEWS = 0x766965;

/**
 * Trains the encoder in place.
 * @returns what it then says of the test examples, and the mean loss of the last epoch in nats
 * @throws Error where a split has no labels, the training examples are of one class, or the loss is not finite
 * @throws what `signal` was aborted with
 */
export async function fineTune(
  encoder: Encoder,
  data: { train: ImageDataset; test: ImageDataset },
  options: FineTuneOptions,
): Promise<ProbeOutcome & { readonly loss: number }> {
  for (const [name, value, least] of [
    ['epochs', options.epochs, 1],
    ['batchSize', options.batchSize, 2],
  ] as const) {
    if (!(Number.isInteger(value) && value >= least)) {
      throw new RangeError(`${name} must be a whole number from ${least}, got ${value}`);
    }
  }
  const [train, test] = [labelledOnly(data.train), labelledOnly(data.test)];
  const { labels } = test;
  if (!train.labels || !labels) throw new Error(`${train.name} has no labels to fine-tune for.`);
  requireClasses(train, 'fine-tuning');
  const classes = train.classNames.length;
  const head = scope(() => new nn.Linear(encoder.features, classes, { weights: (shape) => zeros(shape) }));
  try {
    const loss = await learn(encoder, head, train, options);
    const { precision = 'float32', signal } = options;
    const features = await extractFeatures(encoder, test, { transform: evalTransform(), precision, signal });
    const logits = scope(() =>
      noGrad(() => head.forward(fromData(features, [labels.length, encoder.features])).toFloat64Array()),
    );
    return {
      ...probeOutcome(softmax(logits, classes), labels, groupsOf(test), { clusters: test.clusters }),
      loss,
    };
  } finally {
    head.dispose();
  }
}

async function learn(
  encoder: Encoder,
  head: nn.Linear,
  train: ImageDataset,
  options: FineTuneOptions,
): Promise<number> {
  const { epochs, batchSize, lr, weightDecay, cropScale, seed, precision, onStep, signal, checkpoint } =
    options;
  const { count, channels, height, width } = train.shape;
  if (count < 2)
    throw new Error(`${train.name} has ${count} labelled examples; fine-tuning needs two or more.`);
  const view = simclrAugment({ strength: 0, grayscaleProbability: 0, cropScale: [cropScale, 1] });
  const parameters = new Map([
    ...[...encoder.namedParameters()].map(([name, own]) => [`encoder.${name}`, own] as const),
    ...[...head.namedParameters()].map(([name, own]) => [`head.${name}`, own] as const),
  ]);
  const optimizer = new optim.SGD(parameters, { lr, weightDecay, momentum: MOMENTUM });
  const batches = Math.floor(count / batchSize) + (count % batchSize >= 2 ? 1 : 0);
  const steps = epochs * batches;
  const wasTraining = encoder.training;
  encoder.train();
  const parts = { encoder, head, optimizer };
  try {
    let { step, mean } = checkpoint ? loadFineTune(checkpoint, parts) : { step: 0, mean: 0 };
    for (; step < steps; step++) {
      if (checkpoint && signal?.aborted && step > 0) saveFineTune(checkpoint, parts, { step, mean });
      signal?.throwIfAborted();
      const [epoch, batch] = [Math.floor(step / batches), step % batches];
      const order = permutation(count, new Random(seed, epoch, ORDER));
      const indices = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      optimizer.lr = cosineLr(step, { peak: lr, steps, warmupSteps: 0 });
      const loss = scope(() => {
        const pixels = fromData(imagesAt(train, indices), [indices.length, channels, height, width]);
        const images = view(pixels, new Random(seed, step, VIEWS));
        const targets = fromData(BigInt64Array.from(indices, (i) => BigInt(train.labels![i]!)));
        const features = autocast(() => encoder.forward(images), { enabled: precision === 'bfloat16' });
        const value = crossEntropyLoss(head.forward(features.to('float32')), targets);
        optimizer.zeroGrad();
        value.backward();
        return value.item();
      });
      if (!Number.isFinite(loss)) {
        throw new Error(`The loss of step ${step} is ${loss}: take a lower lr than ${lr}.`);
      }
      optimizer.step();
      mean = batch === 0 ? loss / batches : mean + loss / batches;
      if (checkpoint && batch === batches - 1) saveFineTune(checkpoint, parts, { step: step + 1, mean });
      onStep?.(step + 1, steps, loss);
      await setImmediate();
    }
    return mean;
  } finally {
    optimizer.zeroGrad();
    for (const buffer of optimizer.stateDict().values()) buffer.dispose();
    encoder.train(wasTraining);
  }
}

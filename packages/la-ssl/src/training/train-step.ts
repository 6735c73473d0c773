/**
 * @file One optimizer step: views of a batch, the method's loss, its gradient, the optimizer.
 *
 * With `accumulate` the batch goes through in parts whose gradients are added up, each weighted by its share.
 */
import { fromData, noGrad, optim, scope } from '@la-ssl/torch';
import { cosine } from '../cosine.js';
import { type ImageDataset, imagesAt } from '../data/index.js';
import type { Method, MethodOutput, StepContext } from '../methods/index.js';
import type { ResolvedConfig } from './config.js';
import type { AttributeCodes } from './knowledge.js';
import type { OnlineEvaluation } from './online-evaluation.js';
import type { Stopwatch } from './stopwatch.js';
import { type MakeViews, methodRandom, TRAINING_VIEWS, type ViewsPlace } from './views.js';

/** What a step works with. */
export interface StepParts {
  dataset: ImageDataset;
  method: Method;
  optimizer: optim.Optimizer;
  makeViews: MakeViews;
  online: OnlineEvaluation | null;
  /** Of all examples, where the method is told. */
  attributes?: AttributeCodes | null;
  stopwatch?: Stopwatch | null;
}

/** Where in the run a step is. */
export interface StepPlace extends Omit<StepContext, 'random' | 'attributes'> {
  /** Of the whole run. */
  step: number;
  lr: number;
}

export interface StepOutcome {
  loss: number;
  terms: Record<string, number>;
  /** `[N]`, of the batch's examples. */
  similarities: Float64Array;
  /** What the monitor is to take in: the similarities, or for high-loss exp(−loss) of each example. */
  speeds: Float64Array;
}

/** @returns what came out; where the loss is not finite, the weights stayed as they were */
export function trainStep(
  config: ResolvedConfig,
  parts: StepParts,
  { step, lr, ...place }: StepPlace,
): StepOutcome {
  const { optimizer, method, stopwatch } = parts;
  const views = { purpose: TRAINING_VIEWS, step } as const;
  const context = { ...place, random: methodRandom(config.seed, views) };
  const size = context.indices.length;
  const outcome: StepOutcome = {
    loss: 0,
    terms: {},
    similarities: new Float64Array(size),
    speeds: new Float64Array(size),
  };
  stopwatch?.to('optimizer');
  optimizer.zeroGrad();
  for (const [start, end] of partsOf(size, config.accumulate)) {
    const part = { ...context, indices: context.indices.subarray(start, end) };
    const share = (end - start) / size;
    const byLoss = config.sampler === 'high-loss';
    const { loss, terms, similarities, speeds } = backward(
      parts,
      part,
      { ...views, part: start },
      share,
      byLoss,
    );
    outcome.loss += loss;
    if (!Number.isFinite(outcome.loss)) return outcome;
    for (const [name, term] of Object.entries(terms)) {
      outcome.terms[name] = (outcome.terms[name] ?? 0) + share * term;
    }
    outcome.similarities.set(similarities, start);
    outcome.speeds.set(speeds, start);
  }
  stopwatch?.to('optimizer');
  scope(() => method.afterBackward?.(context));
  const { clipGradient, clipEachGradient, weightDecay, weightDecayEnd } = config;
  if (clipGradient > 0) optim.clipGradNorm(method.namedParameters(), clipGradient);
  if (clipEachGradient > 0) optim.clipEachGradNorm(method.namedParameters(), clipEachGradient);
  optimizer.lr = lr;
  if (weightDecayEnd !== undefined) {
    optimizer.weightDecay = cosine(context.progress, { from: weightDecay, to: weightDecayEnd });
  }
  optimizer.step();
  scope(() => method.afterStep?.(context));
  stopwatch?.to();
  return outcome;
}

/** The bounds of so many parts of a batch, none of one example only. */
function partsOf(size: number, wanted: number): [number, number][] {
  const parts = Math.min(wanted, Math.floor(size / 2));
  const bound = (i: number): number => Math.round((i * size) / parts);
  return Array.from({ length: parts }, (_, i) => [bound(i), bound(i + 1)]);
}

/** Adds the gradient of a part of a batch, where its loss is finite. @param share - of the batch that it is */
function backward(
  parts: StepParts,
  context: StepContext,
  place: ViewsPlace,
  share: number,
  byLoss: boolean,
): StepOutcome {
  const { dataset, method, makeViews, online, attributes, stopwatch } = parts;
  const told = attributes && { attributes: context.indices.map((i) => attributes.codes[i]!) };
  const { channels, height, width } = dataset.shape;
  return scope(() => {
    stopwatch?.to('loading');
    const pixels = imagesAt(dataset, context.indices);
    const images = fromData(pixels, [context.indices.length, channels, height, width]);
    stopwatch?.to('augmentation');
    const views = makeViews(images, place);
    stopwatch?.to('forward');
    const output = method.forward(views, { ...context, ...told });
    const { loss, similarity, features, terms = {} } = output;
    const weighted = share === 1 ? loss : loss.mul(share);
    const value = weighted.item();
    if (Number.isFinite(value)) {
      stopwatch?.to('backward');
      weighted.backward();
      stopwatch?.to('evaluation');
      online?.probe.learn(features, context.indices);
    }
    stopwatch?.to();
    const means = Object.entries(terms).map(([name, term]) => [name, term.item()]);
    const similarities = similarity.toFloat64Array();
    const speeds = byLoss ? speedsOfLosses(output) : similarities;
    return { loss: value, terms: Object.fromEntries(means), similarities, speeds };
  });
}

/** exp(−loss) of each example: > 0, and lower where the loss is higher. @throws Error where the method does not tell them */
function speedsOfLosses({ lossByExample }: MethodOutput): Float64Array {
  if (!lossByExample)
    throw new Error('sampler high-loss needs a method that tells the loss of each example.');
  return noGrad(() => lossByExample().toFloat64Array()).map((loss) => Math.exp(-Math.max(0, loss)));
}

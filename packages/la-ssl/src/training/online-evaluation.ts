/**
 * @file Whether a run learns, seen while it trains: nearest neighbours and a linear probe of the features as they are.
 *
 * Both are judged on queries: training examples whose labels neither has seen (the encoder has seen their pixels, and
 * never a label). The test set has no part in it, so that who stops or chooses a run by these figures has not looked at
 * it. They say whether and how fast a run learns; what it is worth is for `la-ssl probe` to say.
 */
import { evalTransform } from '../augment/index.js';
import type { ImageDataset } from '../data/index.js';
import { extractFeatures, KNN_DEFAULTS, knnAccuracy } from '../evaluation/index.js';
import { METHODS } from '../methods/index.js';
import type { Encoder } from '../models/index.js';
import { Random, some } from '../random.js';
import type { ResolvedConfig } from './config.js';
import { OnlineProbe } from './online-probe.js';

/** What is evaluated, and when. */
export interface OnlinePlan {
  /** Examples whose labels the nearest neighbours have. */
  bank: Int32Array;
  /** Examples whose labels nothing learns from; apart from the bank. */
  queries: Int32Array;
  /** After how many epochs; 0 is before the first. */
  after: ReadonlySet<number>;
}

export interface OnlineResult {
  knnAccuracy: number;
  /** Null before the first step. */
  probeAccuracy: number | null;
}

/** Share of the work of a run that may go into this, counted in images through the encoder; backward counts as two. */
const SHARE = 0.01;
/** Bank and queries together, unless told. */
const [LEAST, MOST] = [300, 4000];
/** Evaluations that the work should suffice for before it goes into more examples. */
const EVALUATIONS = 6;
/** Size of the bank by that of the queries. */
const BANK_BY_QUERIES = 3;
const SPLIT = 0x6f6e6c;

/**
 * Plans an evaluation that takes about 1 % of the time: of up to 4,000 labelled examples, before the first epoch and
 * as often as that allows, in any case after the last.
 * @returns null where it is switched off, or fewer than two classes have labels
 * @throws Error where it is asked for more examples than have labels
 */
export function onlinePlan(
  config: Pick<
    ResolvedConfig,
    'method' | 'onlineEvaluation' | 'knnExamples' | 'knnQueries' | 'knnEvery' | 'epochs' | 'seed'
  >,
  { labels, name }: Pick<ImageDataset, 'labels' | 'name'>,
): OnlinePlan | null {
  if (!config.onlineEvaluation || !labels) return null;
  const labelled = [...labels.keys()].filter((i) => labels[i]! >= 0);
  if (new Set(labelled.map((i) => labels[i])).size < 2) return null;
  const { views } = METHODS[config.method];
  const work = SHARE * config.epochs * 3 * views * labels.length;
  const total = Math.min(labelled.length, Math.max(LEAST, Math.min(MOST, Math.round(work / EVALUATIONS))));
  const others = (count: number, part: number): number =>
    Math.max(1, Math.min(count, labelled.length - part));
  const { knnExamples } = config;
  const queryCount =
    config.knnQueries ??
    (knnExamples === undefined
      ? Math.max(1, Math.floor(total / (1 + BANK_BY_QUERIES)))
      : others(Math.ceil(knnExamples / BANK_BY_QUERIES), knnExamples));
  const bankCount = knnExamples ?? others(BANK_BY_QUERIES * queryCount, queryCount);
  const asked = bankCount + queryCount;
  if (asked > labelled.length) {
    throw new Error(
      `The online evaluation needs ${bankCount} known examples and ${queryCount} queries, and ${name} has ` +
        `${labelled.length} with labels. Give lower knnExamples and knnQueries, or switch onlineEvaluation off.`,
    );
  }
  const chosen = Int32Array.from(some(labelled, asked, new Random(config.seed, SPLIT)));
  return {
    bank: chosen.subarray(0, bankCount).sort(),
    queries: chosen.subarray(bankCount).sort(),
    after: new Set(
      config.knnEvery === undefined
        ? spread(config.epochs, Math.floor(work / asked))
        : every(config.epochs, config.knnEvery),
    ),
  };
}

/** `times` numbers of epochs from 0 to the last, evenly; only the last where it is but one. */
function spread(epochs: number, times: number): number[] {
  const gaps = Math.min(times - 1, epochs);
  if (gaps < 1) return [epochs];
  return Array.from({ length: gaps + 1 }, (_, i) => Math.round((i * epochs) / gaps));
}

function every(epochs: number, period: number): number[] {
  return [...Array.from({ length: Math.ceil(epochs / period) }, (_, i) => i * period), epochs];
}

/** The evaluation of one run: a probe that learns along, and what is measured now and then. */
export class OnlineEvaluation {
  readonly probe: OnlineProbe;

  constructor(
    readonly plan: OnlinePlan,
    readonly config: Pick<ResolvedConfig, 'batchSize' | 'precision' | 'onlineProbeLr'>,
    readonly dataset: ImageDataset,
    readonly encoder: Encoder,
  ) {
    const labels = Int32Array.from(dataset.labels ?? []);
    for (const query of plan.queries) labels[query] = -1;
    const classes = dataset.classNames.length;
    this.probe = new OnlineProbe({ features: encoder.features, classes, labels, lr: config.onlineProbeLr });
  }

  /**
   * Measures both accuracies on the queries, at full size and without augmentation.
   * @param epochs - that are done
   * @returns null where none is due after so many
   * @throws what `signal` was aborted with
   */
  async evaluate(epochs: number, signal?: AbortSignal): Promise<OnlineResult | null> {
    const { plan, config, dataset, encoder } = this;
    if (!plan.after.has(epochs)) return null;
    const { batchSize, precision } = config;
    const indices = Int32Array.from([...plan.bank, ...plan.queries]);
    const transform = evalTransform();
    const features = await extractFeatures(encoder, dataset, {
      transform,
      batchSize,
      precision,
      indices,
      signal,
    });
    const border = plan.bank.length * encoder.features;
    const labelsOf = (examples: Int32Array): Int32Array => examples.map((i) => dataset.labels?.[i] ?? -1);
    const classes = dataset.classNames.length;
    const bank = { features: features.subarray(0, border), labels: labelsOf(plan.bank), classes };
    const queries = { features: features.subarray(border), labels: labelsOf(plan.queries) };
    // A small bank has fewer than 200 of a class: more neighbours than that would be a vote of all.
    const neighbours = Math.min(KNN_DEFAULTS.neighbours, Math.ceil(plan.bank.length / classes));
    const predicted = this.probe.predict(queries.features, queries.labels.length);
    const right = predicted.filter((label, i) => label === queries.labels[i]).length;
    return {
      knnAccuracy: knnAccuracy(bank, queries, { neighbours }),
      probeAccuracy: epochs === 0 ? null : right / predicted.length,
    };
  }
}

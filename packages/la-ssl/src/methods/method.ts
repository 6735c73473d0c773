/** @file What every method is: views in, `{ loss, similarity }` out; and what a run must know of it before it exists. */
import type { Generator, nn, Tensor } from '@la-ssl/torch';
import type { Encoder, EncoderName, EncoderOptions } from '../models/index.js';
import type { Random } from '../random.js';

/** Where in a run a step is, and what it works on. */
export interface StepContext {
  /** The N examples of the batch; one that was drawn twice is told by it. `[N]` */
  indices: Int32Array;
  /** Their attribute codes, from 0, `[N]`; there for the methods whose spec says that they need them. */
  attributes?: Int32Array;
  /** Epoch, from 0. */
  epoch: number;
  /** Share of the run's steps that are done, 0 ≤ progress < 1. */
  progress: number;
  /** For masks and the like: made anew from the run's seed and the step, so that a resumed run draws the same. */
  random: Random;
}

/** What a training step needs of a method. */
export interface MethodOutput {
  /** Scalar, to be minimised. */
  loss: Tensor;
  /** `[N]` float64, > 0, higher = better learned; without a graph. */
  similarity: Tensor;
  /** `[N, F]`, features of the first view, without a graph: what an online probe learns from. */
  features: Tensor;
  /** Scalars for the metrics, by name, without a graph: what the loss is made of, or what shows a collapse. */
  terms?: Readonly<Record<string, Tensor>>;
  /** Where `tellsLossByExample`: makes the loss of each example, `[N]` ≥ 0, nats, without a graph; their mean is the loss. */
  lossByExample?: () => Tensor;
}

export interface Method extends nn.Module {
  /** What is kept after pretraining. */
  readonly encoder: Encoder;
  /** Names of parameters whose learning rate does not follow the schedule (SimSiam's predictor). */
  readonly constantRate?: ReadonlySet<string>;
  /**
   * @param views - of the same N examples, each `[N, C, H, W]`; local views come last and are smaller
   * @throws Error where the views are not as many as the method takes
   */
  forward(views: readonly Tensor[], context: StepContext): MethodOutput;
  /**
   * The similarity alone, for scoring: `[N]` float64, > 0, higher = better learned; the mean over all pairs of two or
   * more views. Source: LA-SSL, Section 4.1
   * @param views - each `[N, C, H, W]`, all of the full size
   * @param random - for masks and the like
   */
  similarity(views: readonly Tensor[], random: Random): Tensor;
  /** Between `backward` and the optimizer's step: what withholds a gradient. */
  afterBackward?(context: StepContext): void;
  /** After the optimizer's step: what follows the weights without a gradient, such as a momentum encoder. */
  afterStep?(context: StepContext): void;
}

/** What a method is made of. */
export interface MethodParts {
  /** Makes an encoder, freshly initialised: one that is trained, or another for a momentum encoder. */
  newEncoder: (own?: Pick<EncoderOptions, 'positions' | 'weights'>) => Encoder;
  /** Source of the heads' first weights. */
  generator: Generator;
  /** Run encoders in bfloat16; losses stay in float32, and so do heads, but for DINO's. */
  bfloat16: boolean;
  /** V, how many codes there are, for a method that needs attributes. */
  attributeValues: number;
}

/** Shared options whose best value depends on the method; named as on the command line. */
export interface Recipe {
  optimizer: 'sgd' | 'adamw' | 'lars';
  lr: number;
  weightDecay: number;
  /** Weight decay at the end; by default it stays as it is. */
  weightDecayEnd: number | undefined;
  lrWarmupEpochs: number;
  /** Greatest norm of the whole gradient; 0 for no limit. */
  clipGradient: number;
  /** Greatest norm of each tensor's gradient; 0 for no limit. */
  clipEachGradient: number;
  /** β₂ of AdamW. */
  beta2: number;
  cropScale: number;
  jitterStrength: number;
  /** Amount of the saturation's jitter, by default 0.8 times the strength. */
  jitterSaturation: number | undefined;
  /** Amount of the hue's jitter, by default 0.2 times the strength. */
  jitterHue: number | undefined;
  jitterProbability: number;
  grayscaleProbability: number;
  blurProbability: number;
  /** A tenth of the side as in SimCLR, or whole as in PIL, which the others use. */
  blurKernel: 'tenth' | 'whole';
  /** Of every second view. */
  solarizeProbability: number;
  flipProbability: number;
  /** Greatest angle by which a view is turned, in degrees. */
  rotation: number;
  /** Small views beside those of the full size. A method that takes such says how many in its recipe, be it 0. */
  localCrops: number;
  /** Their side in pixels, by default half of that of the images. */
  localCropSize: number | undefined;
  /** Least share of the area that they keep. */
  localCropScale: number;
}

/** A method by name: its own options, its recipe, and how it is made. */
export interface MethodSpec<Options extends object = object> {
  /** Views of the full size in a training step. */
  views: 1 | 2;
  /** What it must know of every training example beside its pixels; by default nothing. */
  needs?: 'attributes';
  /** The encoders that it can take, the usual one first; by default all. */
  encoders?: readonly EncoderName[];
  /** Whether its loss is a mean over examples that it can tell apart, as sampling by loss needs. */
  tellsLossByExample?: boolean;
  /** Its own options with their defaults; undefined where the option's text says what it follows. */
  options: Options;
  /** Where it departs from the shared defaults. Source: the method's file. */
  recipe: Partial<Recipe>;
  /** @throws RangeError where an option is out of its range, Error where the encoder is none that it can take */
  create(parts: MethodParts, options: Options): Method;
}

/**
 * @file DINO: a student must predict, from any view, what its own moving average, the teacher, sees in another.
 *
 * The paper's teacher is the momentum encoder; it is what DINO evaluates, so it is the encoder that is kept. Against
 * collapse its logits are centred and sharpened. The learning speed of an example is the agreement of student and
 * teacher, `exp(−½ (H(P_t(x_a), P_s(x_b)) + H(P_t(x_b), P_s(x_a))) / τ)`: with τ = 1 that is `exp(−loss)` of its two
 * views. It is measured at the final temperature of the teacher, so that speeds of all epochs compare.
 * Source: Caron 2021, https://arxiv.org/abs/2104.14294; https://github.com/facebookresearch/dino/blob/main/main_dino.py
 */
import { cat, einsum, fromData, type Generator, nn, noGrad, type Tensor, zeros } from '@la-ssl/torch';
import { cosine } from '../cosine.js';
import { DINOHead, type Encoder } from '../models/index.js';
import type { Random } from '../random.js';
import { checkPositive, encode } from './encode.js';
import type { Method, MethodOutput, MethodSpec, StepContext } from './method.js';
import { checkMomentum, follow, startFollowing } from './momentum.js';
import { pairMean } from './similarity.js';

/** What the teacher's temperature is in each epoch. */
export interface TeacherTemperature {
  /** In the first epoch, > 0. */
  teacherTemperatureStart: number;
  /** After the warm-up, > 0. */
  teacherTemperature: number;
  /** Epochs from the one to the other; 0 for none. */
  teacherWarmupEpochs: number;
}

export interface DINOOptions extends TeacherTemperature {
  /** The student's. */
  encoder: Encoder;
  /** The teacher's: another of the same kind, which becomes its copy. */
  momentumEncoder: Encoder;
  /** Size of the head's hidden layers. */
  hidden: number;
  bottleneck: number;
  /** Whether the heads have batch norm. */
  headBatchNorm: boolean;
  /** K, at least 2. */
  prototypes: number;
  studentTemperature: number;
  /** Share of the centre that stays in a step, 0 to 1. */
  centerMomentum: number;
  /** Momentum of the teacher in the first step, 0 to 1; it goes to 1 by a cosine. */
  encoderMomentum: number;
  /** Epochs in which the prototypes stay as they are. */
  freezeLastLayerEpochs: number;
  /** τ of the learning speed, > 0. */
  speedTemperature: number;
  /** Run encoders and heads in bfloat16, as the official code runs them in float16; the loss stays in float32. */
  bfloat16?: boolean;
  generator?: Generator | undefined;
}

export class DINO extends nn.Module implements Method {
  /** The teacher's. */
  readonly encoder: Encoder;
  readonly #student: Encoder;
  readonly #head: DINOHead;
  readonly #teacherHead: DINOHead;
  /** `[K]` */
  readonly #center: Tensor;
  readonly #options: DINOOptions;
  /** What the centre is to follow: the teacher's logits in this step, summed; of a batch in parts, over all of them. */
  readonly #logits: { sum: Float64Array; rows: number };

  /** @throws RangeError where an option is out of its range */
  constructor(options: DINOOptions) {
    super();
    const { encoder, momentumEncoder, prototypes, encoderMomentum, centerMomentum } = options;
    const { studentTemperature, teacherTemperature, teacherTemperatureStart, speedTemperature } = options;
    checkPositive({ studentTemperature, teacherTemperature, teacherTemperatureStart, speedTemperature });
    checkMomentum('encoderMomentum', encoderMomentum);
    checkMomentum('centerMomentum', centerMomentum);
    if (!(prototypes >= 2)) throw new RangeError(`prototypes must be at least 2, got ${prototypes}`);
    const newHead = (): DINOHead =>
      new DINOHead({ ...options, features: encoder.features, batchNorm: options.headBatchNorm });
    this.#student = this.child('encoder', encoder);
    this.#head = this.child('head', newHead());
    this.encoder = this.child('momentum_encoder', startFollowing(momentumEncoder, encoder));
    this.#teacherHead = this.child('momentum_head', startFollowing(newHead(), this.#head));
    this.#center = this.buffer('center', zeros([prototypes]));
    this.#logits = { sum: new Float64Array(prototypes), rows: 0 };
    this.#options = options;
  }

  /** @param views - two of the full size, which the teacher sees too, then any number of local ones */
  forward(views: readonly Tensor[], { indices, epoch }: StepContext): MethodOutput {
    if (views.length < 2) throw new Error(`DINO takes 2 views and local ones, got ${views.length} in all`);
    const full = views.slice(0, 2);
    const { features, logits: taught } = this.#teach(full);
    const groups = [full, views.slice(2)].filter(({ length }) => length > 0);
    const logits = this.#project(this.#head, cat(groups.map((group) => this.#encode(this.#student, group))));
    const teacherLog = this.#sharpen(taught, teacherTemperatureAt(epoch, this.#options));
    const loss = dinoLoss(logits, teacherLog, { ...this.#options, views: views.length });
    this.#remember(taught);
    const entropy = teacherLog.exp().mul(teacherLog).sum([1]).mean().neg();
    return {
      loss,
      similarity: this.#agreement(logits.detach().narrow(0, 0, 2 * indices.length), taught, 2),
      features: features.narrow(0, 0, indices.length),
      // Collapse shows here: entropy at log K, or at 0; and with it no divergence.
      terms: { entropy, divergence: loss.detach().sub(entropy) },
    };
  }

  similarity(views: readonly Tensor[], _random: Random): Tensor {
    const logits = this.#project(this.#head, this.#encode(this.#student, views));
    return this.#agreement(logits, this.#teach(views).logits, views.length);
  }

  /** The prototypes stay where they are at first. */
  afterBackward({ epoch }: StepContext): void {
    if (epoch < this.#options.freezeLastLayerEpochs) this.#head.prototypes.grad = null;
  }

  /** The teacher follows, and so does the centre: `c ← m c + (1 − m) · mean of the step's teacher logits`. */
  afterStep({ progress }: StepContext): void {
    const momentum = cosine(progress, { from: this.#options.encoderMomentum, to: 1 });
    follow(this.encoder, this.#student, momentum);
    follow(this.#teacherHead, this.#head, momentum);
    const { centerMomentum } = this.#options;
    const { sum, rows } = this.#logits;
    const mean = fromData(sum).div(rows).to(this.#center.dtype);
    this.#center.mul_(centerMomentum).add_(mean, { alpha: 1 - centerMomentum });
    sum.fill(0);
    this.#logits.rows = 0;
  }

  #encode(encoder: Encoder, views: readonly Tensor[]): Tensor {
    return encode(encoder, cat(views), this.#options.bfloat16 ?? false);
  }

  /** Logits in float32, of a head that runs as the encoders do. */
  #project(head: DINOHead, features: Tensor): Tensor {
    return encode(head, features, this.#options.bfloat16 ?? false);
  }

  /** What the teacher sees in views of the full size: features `[V · N, F]` and logits `[V · N, K]`. */
  #teach(views: readonly Tensor[]): { features: Tensor; logits: Tensor } {
    return noGrad(() => {
      const features = this.#encode(this.encoder, views);
      return { features, logits: this.#project(this.#teacherHead, features) };
    });
  }

  /** Logarithms of the teacher's probabilities: `log P_t = log softmax((g − c) / τ)`. */
  #sharpen(logits: Tensor, temperature: number): Tensor {
    return logits.sub(this.#center).div(temperature).logSoftmax(1);
  }

  #remember(taught: Tensor): void {
    const { sum } = this.#logits;
    for (const [k, value] of taught.sum([0]).toFloat64Array().entries()) sum[k] = sum[k]! + value;
    this.#logits.rows += taught.shape[0] as number;
  }

  /** The learning speed, from logits of student and teacher `[V · N, K]`, without a graph. */
  #agreement(student: Tensor, teacher: Tensor, views: number): Tensor {
    const { teacherTemperature, studentTemperature, speedTemperature } = this.#options;
    const byView = (rows: Tensor): Tensor => rows.reshape([views, -1, rows.shape[1] as number]); // [V, N, K]
    const probabilities = this.#sharpen(teacher, teacherTemperature).exp();
    const logs = student.div(studentTemperature).logSoftmax(1);
    return pairMean(einsum('ank,bnk->nab', [byView(probabilities), byView(logs)]), speedTemperature);
  }
}

/**
 * The student's cross-entropy `−Σ P_t log P_s`, mean over the N examples and over all pairs of a full view, which the
 * teacher saw, and another view.
 *
 * @param student - logits `[V · N, K]`; the full views come first, those of one example are N rows apart
 * @param teacherLog - `log P_t` of the full views, `[2N, K]`; without a graph
 * @param views - V ≥ 2
 * @param studentTemperature - > 0
 * @returns scalar, nats
 * Source: Caron 2021, Eq. 3
 */
export function dinoLoss(
  student: Tensor,
  teacherLog: Tensor,
  { views, studentTemperature }: { views: number; studentTemperature: number },
): Tensor {
  const byView = (rows: Tensor, count: number): Tensor => rows.reshape([count, -1, rows.shape[1] as number]);
  const logs = byView(student.div(studentTemperature).logSoftmax(1), views); // [V, N, K]
  const probabilities = byView(teacherLog.exp(), 2); // [2, N, K]
  const crossEntropy = einsum('ank,bnk->ab', [probabilities, logs]).div(-(logs.shape[1] as number)); // [2, V]
  return crossEntropy
    .sum()
    .sub(crossEntropy.diagonal().sum())
    .div(2 * views - 2);
}

/** The teacher's temperature: a line from start to end over the epochs of the warm-up, both ends included. */
export function teacherTemperatureAt(epoch: number, temperature: TeacherTemperature): number {
  const { teacherTemperatureStart: start, teacherTemperature: end, teacherWarmupEpochs } = temperature;
  if (epoch >= teacherWarmupEpochs) return end;
  return start + ((end - start) * epoch) / Math.max(1, teacherWarmupEpochs - 1);
}

/**
 * For small images and runs of some thousand steps. Source: heads, teacher and centre as in lightly's DINO on CIFAR-10
 * (`cifar10_benchmark.py`), for without batch norm in the heads all outputs became uniform, the loss log K, within some
 * hundred steps; the rest as in solo-learn's, `scripts/pretrain/cifar/dino.yaml`.
 */
export const dino = {
  views: 2,
  options: {
    hidden: 2048,
    bottleneck: 256,
    headBatchNorm: true,
    prototypes: 2048,
    studentTemperature: 0.1,
    teacherTemperature: 0.04,
    teacherTemperatureStart: 0.04,
    teacherWarmupEpochs: 0,
    centerMomentum: 0.9,
    encoderMomentum: 0.99,
    freezeLastLayerEpochs: 1,
    speedTemperature: 1,
  },
  recipe: {
    optimizer: 'lars',
    lr: 0.3,
    weightDecay: 1e-6,
    lrWarmupEpochs: 10,
    jitterSaturation: 0.2,
    solarizeProbability: 0.2,
    localCrops: 0,
  },
  create: ({ newEncoder, generator, bfloat16 }, options) =>
    new DINO({ ...options, encoder: newEncoder(), momentumEncoder: newEncoder(), generator, bfloat16 }),
} satisfies MethodSpec<Omit<DINOOptions, 'encoder' | 'momentumEncoder' | 'generator' | 'bfloat16'>>;

/**
 * @file LateTVG on SimCLR: the second view goes through a copy of the encoder whose late layers are pruned by magnitude,
 * so that a view must be found without what only few small weights of the late layers carry. Needs no labels.
 *
 * From the paper ("late-layer transformation-based view generation", Algorithm 1, for SimCLR and SimSiam): the first view
 * through the encoder, the second through its pruned copy; the mask from the weights as they are at each step, the
 * smallest magnitudes over all late layers together; weights are shared, so that the gradient of the second view
 * reaches those that the mask keeps. Its authors published no code, and beyond the abstract this follows an independent
 * re-implementation and its account of the paper, of which that Algorithm 1 returns the pruned copy.
 *
 * Ours: SimCLR only; the whole encoder is what is kept (`keepPruned`: the copy), as in that re-implementation; share and
 * layers, which the paper chooses for each data set from a grid, are its defaults for a ResNet-18, whose last 5
 * convolutions are its last stage; batch norm of the pruned copy has running statistics of its own (as in Jiang 2021,
 * "Self-damaging contrastive learning"); each view has batch statistics of its own, where SimCLR has those of both; the
 * projector is not pruned and sees both.
 *
 * Sources: Hamidieh 2024, "Views can be deceiving", https://arxiv.org/abs/2406.18562; `training/late_pruning.py` of
 * github.com/GrGrie/Spur_SpLiCE.
 */
import { call, cat, einsum, noGrad, type Tensor, zeros } from '@la-ssl/torch';
import type { Encoder } from '../models/index.js';
import type { Random } from '../random.js';
import type { MethodSpec } from './method.js';
import { startFollowing } from './momentum.js';
import { type Projected, SimCLR, type SimCLROptions, simclr } from './simclr.js';
import { pairMean } from './similarity.js';

export interface LateTVGOptions extends Omit<SimCLROptions, 'sameAttribute'> {
  /** Makes another encoder of the same kind; called after the projector is made, whose first weights stay SimCLR's. */
  newEncoder: () => Encoder;
  /** a, share of the late weights that is zero in the second view's encoder, 0 < a < 1. */
  latePruning?: number;
  /** How many of the last weight tensors (convolutions; of a transformer, linear layers) are pruned, ≥ 1. */
  lateLayers?: number;
  /** Whether the pruned copy is what is kept, evaluated and exported, and not the whole encoder. */
  keepPruned?: boolean;
}

const DEFAULTS = { latePruning: 0.7, lateLayers: 5, keepPruned: false };

export class LateTVG extends SimCLR {
  override readonly encoder: Encoder;
  /** What the optimizer trains. */
  readonly #whole: Encoder;
  /** Holds the pruned weights of a step, and its gradient until it is given to the encoder's. */
  readonly #pruned: Encoder;
  readonly #late: readonly string[];
  readonly #share: number;

  /** @throws RangeError where an option is out of its range, or the encoder has fewer such layers */
  constructor(options: LateTVGOptions) {
    super(options);
    const { encoder, newEncoder } = options;
    const { latePruning, lateLayers, keepPruned } = { ...DEFAULTS, ...options };
    if (!(latePruning > 0 && latePruning < 1)) {
      throw new RangeError(`latePruning must be > 0 and < 1, got ${latePruning}`);
    }
    this.#whole = encoder;
    this.#share = latePruning;
    this.#late = lateWeights(encoder, lateLayers);
    this.#pruned = this.child('pruned_encoder', startFollowing(newEncoder(), encoder));
    this.encoder = keepPruned ? this.#pruned : encoder;
    this.afterStep();
  }

  /**
   * `exp(cos(z_a, p_b) / τ)`, mean over the pairs a < b of the views; z by the encoder, p by its pruned copy. For two
   * views it is that of the loss.
   */
  override similarity(views: readonly Tensor[], _random: Random): Tensor {
    noGrad(() => this.#prune());
    const z = this.#projectApart(this.#whole, views.slice(0, -1));
    const p = this.#projectApart(this.#pruned, views.slice(1));
    const pairs = einsum('and,bnd->nab', [z, p]).triu(); // place b is view b + 1
    const [n, last] = pairs.shape as [number, number];
    const scores = zeros([n, last + 1, last + 1], { dtype: pairs.dtype });
    scores.narrow(1, 0, last).narrow(2, 1, last).copy_(pairs);
    return pairMean(scores.add(scores.transpose(1, 2)), this.speedTemperature);
  }

  /** The optimizer has the encoder's weights only: they get the gradient of their pruned copies, where they were kept. */
  afterBackward(): void {
    const pruned = this.#pruned.namedParameters();
    noGrad(() => {
      for (const [name, parameter] of this.#whole.namedParameters()) {
        const copy = pruned.get(name)!;
        const { grad } = copy;
        copy.grad = null;
        if (!grad || !parameter.requiresGrad) continue;
        const kept = this.#late.includes(name) ? grad.mul(copy.ne(0)) : grad; // zero is what was pruned
        parameter.grad = parameter.grad ? parameter.grad.add(kept) : kept;
      }
    });
    this.#pruned.requiresGrad_(false);
  }

  /** What is kept is of the weights as they stand. */
  afterStep(): void {
    if (this.encoder === this.#pruned) noGrad(() => this.#prune());
  }

  /** The first view by the encoder, the second by its pruned copy. */
  protected override project(views: readonly Tensor[]): Projected {
    noGrad(() => this.#prune());
    this.#pruned.requiresGrad_();
    const [first, second] = views as [Tensor, Tensor];
    return this.projectFeatures(
      cat([this.encode(this.#whole, first), this.encode(this.#pruned, second)], { dim: 0 }),
    );
  }

  /** Unit projections `[V, N, D]`. */
  #projectApart(encoder: Encoder, views: readonly Tensor[]): Tensor {
    const { z } = this.projectFeatures(this.encode(encoder, cat(views, { dim: 0 })));
    return z.reshape([views.length, -1, z.shape[1] as number]);
  }

  /** Copies the encoder's weights, the smallest of the late ones as zero. */
  #prune(): void {
    const weights = this.#whole.namedParameters();
    const threshold = magnitudeThreshold(
      this.#late.map((name) => weights.get(name)!),
      this.#share,
    );
    for (const [name, copy] of this.#pruned.namedParameters()) {
      const weight = weights.get(name)!;
      copy.copy_(this.#late.includes(name) ? weight.mul(weight.abs().gt(threshold)) : weight);
    }
  }
}

/** @returns names of the last weights of an encoder, in the order in which images go through them */
function lateWeights(encoder: Encoder, layers: number): string[] {
  const all = [...encoder.namedParameters()].filter(
    ([name, { shape }]) => name.endsWith('weight') && shape.length > 1,
  );
  if (!(Number.isInteger(layers) && layers >= 1 && layers <= all.length)) {
    throw new RangeError(`lateLayers must be a whole number from 1 to ${all.length}, got ${layers}`);
  }
  return all.slice(-layers).map(([name]) => name);
}

/** The magnitude up to which the share of these weights lies, all taken together: a scalar ≥ 0. */
function magnitudeThreshold(weights: readonly Tensor[], share: number): Tensor {
  const magnitudes = cat(weights.map((weight) => weight.detach().abs().flatten()));
  const count = Math.max(1, Math.round(share * magnitudes.numel));
  return (call('aten::kthvalue', magnitudes, count) as [Tensor, Tensor])[0];
}

/** Needs neither labels nor attributes. The recipe is that of SimCLR, so that nothing else differs. */
export const lateTVG = {
  ...simclr,
  options: { ...simclr.options, ...DEFAULTS },
  create: ({ newEncoder, generator, bfloat16 }, options) =>
    new LateTVG({ ...options, encoder: newEncoder(), newEncoder, generator, bfloat16 }),
} satisfies MethodSpec<typeof simclr.options & typeof DEFAULTS>;

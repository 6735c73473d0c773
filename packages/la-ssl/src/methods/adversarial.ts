/**
 * @file SimCLR with an adversary: a head that tells the attribute from the features, whose gradient reaches the encoder
 * with its sign turned, so that the encoder unlearns what the head can tell.
 *
 * From the paper: gradient reversal, the head's own rate without λ, and the schedule of λ. Ours: the self-supervised loss
 * in place of the classifier's, both views as the head's examples, and batch norm in the head.
 *
 * Source: Ganin 2016, "Domain-adversarial training of neural networks", https://jmlr.org/papers/v17/15-239.html.
 */
import { crossEntropyLoss, fromData, type nn, type Tensor } from '@la-ssl/torch';
import { projector } from '../models/index.js';
import { checkNotNegative, checkViews, toldAttributes } from './encode.js';
import type { MethodOutput, MethodSpec, StepContext } from './method.js';
import { SimCLR, type SimCLROptions, simclr } from './simclr.js';

export interface AdversarialSimCLROptions extends Omit<SimCLROptions, 'sameAttribute'> {
  /** V ≥ 2, how many codes the attribute has. */
  attributeValues: number;
  /** λ at the end, ≥ 0; 0 trains the head along and leaves the encoder alone. */
  adversaryWeight?: number;
  /** λ rises from 0 by the paper's schedule, or stays. */
  adversarySchedule?: 'rising' | 'constant';
  /** Size of the head's hidden layer, by default that of the features. */
  adversaryHidden?: number | undefined;
}

const DEFAULTS = {
  adversaryWeight: 1,
  adversarySchedule: 'rising' as 'rising' | 'constant',
  adversaryHidden: undefined as number | undefined,
};

export class AdversarialSimCLR extends SimCLR {
  readonly #adversary: nn.Layer;
  readonly #weightAt: (progress: number) => number;

  /** @throws RangeError where the weight is negative, V is less than 2 or a temperature is not > 0 */
  constructor(options: AdversarialSimCLROptions) {
    super(options);
    const { encoder, attributeValues, generator } = options;
    const { adversaryWeight, adversarySchedule, adversaryHidden } = { ...DEFAULTS, ...options };
    checkNotNegative({ adversaryWeight });
    if (!(Number.isInteger(attributeValues) && attributeValues >= 2)) {
      throw new RangeError(`attributeValues must be a whole number from 2 on, got ${attributeValues}`);
    }
    const { features } = encoder;
    const head = { features, hidden: adversaryHidden ?? features, projections: attributeValues };
    this.#adversary = this.child('adversary', projector({ ...head, generator }));
    this.#weightAt = (progress) =>
      adversaryWeight * (adversarySchedule === 'rising' ? risingWeight(progress) : 1);
  }

  /** @throws Error where `context` has no attributes */
  override forward(views: readonly Tensor[], context: StepContext): MethodOutput {
    checkViews(this.constructor.name, views, 2);
    const attributes = toldAttributes(this.constructor.name, context.attributes);
    const projected = this.project(views);
    const { lossByExample: _, ...output } = this.compare(projected, context);
    const reversed = reverseGradient(projected.features, this.#weightAt(context.progress));
    const targets = fromData(attributes).to('int64').repeat([2]); // [2N]
    const adversary = crossEntropyLoss(this.#adversary.forward(reversed), targets);
    return {
      ...output,
      loss: output.loss.add(adversary),
      terms: { contrastive: output.loss.detach(), adversary: adversary.detach() },
    };
  }
}

/**
 * The same values; on the way back the gradient is multiplied by −λ.
 * @param weight - λ ≥ 0
 * Source: Ganin 2016, Eq. 16 and 17
 */
export function reverseGradient(features: Tensor, weight: number): Tensor {
  const values = features.detach();
  return values.add(features.sub(values).mul(-weight)); // x − x is 0: not a bit of the values changes
}

/** `2 / (1 + exp(−10 p)) − 1`: from 0 towards 1. @param progress - p, 0 to 1. Source: Ganin 2016, Section 5.2.2 */
export function risingWeight(progress: number): number {
  return 2 / (1 + Math.exp(-10 * progress)) - 1;
}

/** Needs the attribute of every example. The recipe is that of SimCLR, so that nothing else differs. */
export const adversarial = {
  ...simclr,
  needs: 'attributes',
  tellsLossByExample: false, // of the adversary it has none
  options: { ...simclr.options, ...DEFAULTS },
  create: ({ newEncoder, generator, bfloat16, attributeValues }, options) =>
    new AdversarialSimCLR({ ...options, encoder: newEncoder(), generator, bfloat16, attributeValues }),
} satisfies MethodSpec<typeof simclr.options & typeof DEFAULTS>;

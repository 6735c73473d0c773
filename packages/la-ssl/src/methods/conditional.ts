/**
 * @file Conditional contrastive learning: SimCLR whose negatives have the same attribute value as the view that looks for
 * its partner, so that the attribute is of no use for telling partner from negatives.
 *
 * From the papers: the loss, InfoNCE given the attribute ("Fair-InfoNCE"). They draw a value first and then a batch of
 * examples with it: that is `--batch-by attribute`, which goes with any method. Ours: in a batch of several values the
 * same is had by leaving out negatives of other values. With a kernel that is 1 for equal values and else 0, the
 * weights of CCL-K (Tsai 2022, Eq. 5) are these up to a factor for each value. A view without a negative has loss 0.
 *
 * Sources: Ma 2021, https://arxiv.org/abs/2106.02866; Tsai 2022, https://arxiv.org/abs/2202.05458.
 */
import type { MethodSpec } from './method.js';
import { SimCLR, simclr } from './simclr.js';

/** Needs the attribute of every example. The recipe is that of SimCLR, so that nothing else differs. */
export const conditional = {
  ...simclr,
  needs: 'attributes',
  create: ({ newEncoder, generator, bfloat16 }, options) =>
    new SimCLR({ ...options, encoder: newEncoder(), generator, bfloat16, sameAttribute: true }),
} satisfies MethodSpec<typeof simclr.options>;

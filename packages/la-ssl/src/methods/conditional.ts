/**
 * @file Conditional contrastive learning: SimCLR whose negatives have the same attribute value as the view that looks for
 * its partner, so that the attribute is of no use for telling partner from negatives.
 *
 * From the papers: the loss, InfoNCE given the attribute ("Fair-InfoNCE"). They draw a value first and then a batch of
 * examples with it: that is `--batch-by attribute`, which goes with any method. Ours: in a batch of several values the
 * same is had by leaving out negatives of other values. CCL-K weighs all negatives of a batch by `(K + λI)⁻¹K` of the
 * attribute, without its diagonal, times n − 1: with a kernel that is 1 for equal values and else 0, those of a value
 * that m of the n examples have weigh `(n − 1) / (m + λ)` there, 1 here, and the others nothing. So a rare value has
 * fewer negatives here, where there it has heavier ones. A view without a negative has loss 0.
 *
 * Sources: Ma, Tsai 2021, https://arxiv.org/abs/2106.02866 (first as "removing undesirable information"), and their
 * code, github.com/martinmamql/conditional_infonce, whose batches are of one value; Tsai 2022, Eq. 5,
 * https://arxiv.org/abs/2202.05458, and `ConditionalSampling.py` of github.com/Crazy-Jack/CCLK-release.
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

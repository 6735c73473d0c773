/** @file What every encoder is: images in, features out. */
import type { nn } from '@la-ssl/torch';

/** The part that is kept after pretraining: images `[N, C, H, W]` to features `[N, F]`. */
export interface Encoder extends nn.Layer {
  /** F, the size of the features. */
  readonly features: number;
}

/**
 * @file DINO's head: from features to logits over prototypes, by way of a narrow layer of unit length.
 * Source: Caron 2021, Section 3.1 and Appendix C, https://arxiv.org/abs/2104.14294; `DINOHead`,
 * https://github.com/facebookresearch/dino/blob/main/vision_transformer.py
 */
import { type Generator, linear, nn, type Tensor } from '@la-ssl/torch';
import { normal02 } from './transformer-block.js';

export interface DINOHeadOptions {
  /** F, the size of the features. */
  features: number;
  /** Size of the two hidden layers. */
  hidden: number;
  /** Size of the layer of unit length. */
  bottleneck: number;
  /** K, how many there are. */
  prototypes: number;
  /** Whether batch norm comes before each GELU. */
  batchNorm?: boolean;
  generator?: Generator | undefined;
}

/** `[N, F]` → (linear, batch norm where wanted, GELU) × 2, linear, length 1, prototypes → logits `[N, K]`: cosines with the prototypes. */
export class DINOHead extends nn.Module {
  readonly #mlp: nn.Layer;
  readonly #lastLayer: Prototypes;

  constructor({ features, hidden, bottleneck, prototypes, batchNorm = false, generator }: DINOHeadOptions) {
    super();
    const init = { weights: normal02, generator };
    const layer = (inputs: number): nn.Layer[] => [
      new nn.Linear(inputs, hidden, init),
      ...(batchNorm ? [new nn.BatchNorm(hidden)] : []),
      new nn.GELU(),
    ];
    const last = new nn.Linear(hidden, bottleneck, init);
    const mlp = new nn.Sequential(...layer(features), ...layer(hidden), last);
    this.#mlp = this.child('mlp', mlp);
    this.#lastLayer = this.child('last_layer', new Prototypes(bottleneck, prototypes, { generator }));
  }

  /** The prototypes before they are normalised, `[K, bottleneck]`. */
  get prototypes(): Tensor {
    return this.#lastLayer.weight;
  }

  forward(features: Tensor): Tensor {
    return this.#lastLayer.forward(unitRows(this.#mlp.forward(features)));
  }
}

/** A linear layer without bias whose rows have length 1: PyTorch's `weight_norm` with its gain frozen at 1. */
class Prototypes extends nn.Module {
  readonly weight: Tensor;

  constructor(inputs: number, count: number, init: nn.InitOptions) {
    super();
    this.weight = this.parameter('weight_v', nn.uniform([count, inputs], 1 / Math.sqrt(inputs), init));
  }

  forward(input: Tensor): Tensor {
    return linear(input, unitRows(this.weight));
  }
}

/** `x / ‖x‖` along the last dimension. */
function unitRows(x: Tensor): Tensor {
  return x.div(x.norm({ dim: [-1], keepdim: true }).clamp({ min: 1e-12 }));
}

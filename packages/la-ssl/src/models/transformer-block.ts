/**
 * @file One block of a transformer, normalised before each part, with timm's `state_dict` names. ViT is made of
 * these, and so is the decoder of MAE. It has no dropout and no drop path: it does the same in training.
 * Source: Dosovitskiy 2021, Eq. 2 and 3, https://arxiv.org/abs/2010.11929
 */
import { nn, type Tensor } from '@la-ssl/torch';

/** timm's, DINO's and MAE's, not PyTorch's 1e-5. */
export const NORM_EPS = 1e-6;

export interface BlockOptions {
  /** D, size of a token. */
  width: number;
  /** Heads of the attention; they divide D among them. */
  heads: number;
  /** Size of the hidden layer, in D (4). */
  mlpRatio?: number;
  /** How the linear layers draw their first weights (normal, std 0.02, as timm and DINO do). */
  weights?: nn.LinearOptions['weights'];
  generator?: nn.InitOptions['generator'];
}

/** `x + attention(norm(x))`, then `x + mlp(norm(x))`, on tokens `[N, L, D]`. */
export class Block extends nn.Module {
  readonly #norm1: nn.LayerNorm;
  readonly #attention: Attention;
  readonly #norm2: nn.LayerNorm;
  readonly #mlp: Mlp;

  /** @throws RangeError where the heads do not divide the width */
  constructor({ width, heads, mlpRatio = 4, weights = normal02, generator }: BlockOptions) {
    super();
    const init = { weights, generator };
    this.#norm1 = this.child('norm1', new nn.LayerNorm(width, { eps: NORM_EPS }));
    this.#attention = this.child('attn', new Attention(width, heads, init));
    this.#norm2 = this.child('norm2', new nn.LayerNorm(width, { eps: NORM_EPS }));
    this.#mlp = this.child('mlp', new Mlp(width, Math.trunc(width * mlpRatio), init));
  }

  forward(tokens: Tensor): Tensor {
    // Not in place: under autocast the parts come in bfloat16, and the sum of all blocks stays in float32.
    const attended = tokens.add(this.#attention.forward(this.#norm1.forward(tokens)));
    return attended.add(this.#mlp.forward(this.#norm2.forward(attended)));
  }
}

/** The first weights of timm and DINO; their truncation at ±2, a hundred standard deviations, never happens. */
export const normal02 = (shape: readonly number[], init: nn.InitOptions): Tensor =>
  nn.normal(shape, 0.02, init);

/** Every token looks at every token, in several heads. */
class Attention extends nn.Module {
  readonly #heads: number;
  readonly #qkv: nn.Linear;
  readonly #proj: nn.Linear;

  constructor(width: number, heads: number, init: nn.LinearOptions) {
    super();
    if (!(Number.isInteger(heads) && heads > 0 && width % heads === 0)) {
      throw new RangeError(`heads must divide the width, got ${heads} heads for width ${width}`);
    }
    this.#heads = heads;
    this.#qkv = this.child('qkv', new nn.Linear(width, 3 * width, init));
    this.#proj = this.child('proj', new nn.Linear(width, width, init));
  }

  forward(tokens: Tensor): Tensor {
    const [count = 0, length = 0, width = 0] = tokens.shape;
    const [query, key, value] = this.#qkv
      .forward(tokens)
      .view([count, length, 3, this.#heads, width / this.#heads])
      .permute([2, 0, 3, 1, 4]) // [3, N, heads, L, d]
      .unbind() as [Tensor, Tensor, Tensor];
    const attended = nn.scaledDotProductAttention(query, key, value); // [N, heads, L, d]
    return this.#proj.forward(attended.transpose(1, 2).reshape([count, length, width]));
  }
}

/** Linear, GELU, linear, on each token. */
class Mlp extends nn.Module {
  readonly #fc1: nn.Linear;
  readonly #fc2: nn.Linear;

  constructor(width: number, hidden: number, init: nn.LinearOptions) {
    super();
    this.#fc1 = this.child('fc1', new nn.Linear(width, hidden, init));
    this.#fc2 = this.child('fc2', new nn.Linear(hidden, width, init));
  }

  forward(tokens: Tensor): Tensor {
    return this.#fc2.forward(this.#fc1.forward(tokens).gelu());
  }
}

/**
 * @file The blocks of a transformer, normalised before each part, with timm's `state_dict` names. ViT is made of
 * these, and so is the decoder of MAE. They have no dropout and no drop path: they do the same in training.
 * Source: Dosovitskiy 2021, Eq. 2 and 3, https://arxiv.org/abs/2010.11929
 */
import { nn, scope, type Tensor } from '@la-ssl/torch';

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

/**
 * Tokens `[N, L, D]`, a branch that is to be added to them (null for none), and the bias of that branch. A branch is added by
 * the norm that comes next, which reads the sum anyway.
 */
interface Residual {
  tokens: Tensor;
  branch: Tensor | null;
  bias: Tensor | null;
}

/** Blocks one after another, named by their position, and a norm of their parent's after the last. */
export class Blocks extends nn.Module {
  readonly #blocks: readonly Block[];

  /** @throws RangeError where the heads do not divide the width */
  constructor(depth: number, options: BlockOptions) {
    super();
    this.#blocks = Array.from({ length: depth }, (_, i) => this.child(String(i), new Block(options)));
  }

  /**
   * @param tokens - `[N, L, D]`
   * @param norm - what the sum of all blocks goes through
   */
  forward(tokens: Tensor, norm: nn.LayerNorm): Tensor {
    const first: Residual = { tokens, branch: null, bias: null };
    const last = this.#blocks.reduce((residual, block) => scope(() => block.forward(residual)), first);
    return norm.afterSum(last.tokens, last.branch, last.bias)[1];
  }
}

/** `x + attention(norm(x))`, then `x + mlp(norm(x))`; the last sum is left to what follows. */
class Block extends nn.Module {
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

  forward({ tokens, branch, bias }: Residual): Residual {
    // Under autocast the branches come in bfloat16, and the sum of all blocks stays in float32.
    const forProduct = true;
    const [x, normed] = this.#norm1.afterSum(tokens, branch, bias, { forProduct });
    const attended = this.#attention.forward(normed);
    const [y, again] = this.#norm2.afterSum(x, attended, this.#attention.bias, { forProduct });
    return { tokens: y, branch: this.#mlp.forward(again), bias: this.#mlp.bias };
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

  /** What `forward` leaves to be added. */
  get bias(): Tensor | null {
    return this.#proj.bias;
  }

  forward(tokens: Tensor): Tensor {
    return this.#proj.product(nn.selfAttention(this.#qkv.product(tokens), this.#qkv.bias, this.#heads));
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

  /** What `forward` leaves to be added. */
  get bias(): Tensor | null {
    return this.#fc2.bias;
  }

  forward(tokens: Tensor): Tensor {
    return this.#fc2.product(nn.biasGelu(this.#fc1.product(tokens), this.#fc1.bias));
  }
}

/**
 * @file A linear probe that learns along with the encoder, from the features of each training step.
 *
 * Nothing goes back into the encoder, and no random number is drawn: what the run trains is the same with and without
 * it. Features are brought to mean 0 and variance 1 first, so that one learning rate suits every encoder and method.
 * Sources: solo-learn's online classifier (SGD, rate 0.1), https://jmlr.org/papers/v23/21-1155.html; He et al. 2022
 * (MAE), Appendix A, for the normalisation.
 */
import { crossEntropyLoss, fromData, nn, noGrad, optim, scope, type Tensor, zeros } from '@la-ssl/torch';
import { mostLikely } from '../evaluation/index.js';

/** What a target is where the probe must not learn from an example. */
const IGNORED = -100n;
const MOMENTUM = 0.9;

class NormalizedLinear extends nn.Module {
  readonly #norm: nn.BatchNorm;
  readonly #linear: nn.Linear;

  constructor(features: number, classes: number) {
    super();
    this.#norm = this.child('norm', new nn.BatchNorm(features, { affine: false, eps: 1e-6 }));
    this.#linear = this.child(
      'linear',
      new nn.Linear(features, classes, { weights: (shape) => zeros(shape) }),
    );
  }

  forward(features: Tensor): Tensor {
    return this.#linear.forward(this.#norm.forward(features));
  }
}

export class OnlineProbe {
  readonly #layer: NormalizedLinear;
  readonly #optimizer: optim.SGD;
  readonly #targets: BigInt64Array;
  readonly #classes: number;

  /**
   * @param options.features - F, size of the features
   * @param options.classes - K
   * @param options.labels - of every example; less than 0 where the probe must not learn from it
   * @param options.lr - learning rate, > 0
   */
  constructor(options: { features: number; classes: number; labels: Int32Array; lr: number }) {
    const { features, classes, labels, lr } = options;
    this.#classes = classes;
    this.#targets = BigInt64Array.from(labels, (label) => (label < 0 ? IGNORED : BigInt(label)));
    this.#layer = scope(() => new NormalizedLinear(features, classes));
    this.#optimizer = new optim.SGD(this.#layer.namedParameters(), { lr, momentum: MOMENTUM });
  }

  /**
   * One step on the features of a training step.
   * @param features - `[N, F]` float32; no gradient reaches what made them
   * @param indices - the examples, `[N]`
   */
  learn(features: Tensor, indices: Int32Array): void {
    const targets = BigInt64Array.from(indices, (i) => this.#targets[i]!);
    if (targets.every((target) => target === IGNORED)) return;
    scope(() => {
      this.#layer.train();
      this.#optimizer.zeroGrad();
      crossEntropyLoss(this.#layer.forward(features.detach()), fromData(targets)).backward();
      this.#optimizer.step();
      this.#optimizer.zeroGrad();
    });
  }

  /** @param features - `[N, F]`. @returns the most likely class of each, `[N]` */
  predict(features: Float32Array, count: number): Int32Array {
    const logits = scope(() =>
      noGrad(() => {
        this.#layer.eval();
        return this.#layer.forward(fromData(features, [count, features.length / count])).toFloat64Array();
      }),
    );
    return mostLikely(logits, this.#classes);
  }

  /** All that it takes to go on to the same numbers, for a checkpoint. */
  stateDict(): Map<string, Tensor> {
    const optimizer = [...this.#optimizer.stateDict()].map(
      ([name, tensor]) => [`${OPTIMIZER}${name}`, tensor] as const,
    );
    return new Map([...this.#layer.stateDict(), ...optimizer]);
  }

  /** @throws Error where the state is not that of such a probe */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const isOptimizer = ([name]: readonly [string, Tensor]): boolean => name.startsWith(OPTIMIZER);
    this.#layer.loadStateDict(new Map([...state].filter((entry) => !isOptimizer(entry))));
    this.#optimizer.loadStateDict(
      new Map([...state].filter(isOptimizer).map(([name, tensor]) => [name.slice(OPTIMIZER.length), tensor])),
    );
  }

  dispose(): void {
    this.#optimizer.zeroGrad();
    for (const tensor of this.stateDict().values()) tensor.dispose();
  }
}

const OPTIMIZER = 'optimizer.';

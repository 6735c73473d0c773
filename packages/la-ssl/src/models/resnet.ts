/**
 * @file ResNet encoders: ResNet-18, -34 and -50, with torchvision's `state_dict` names, without the classifier.
 *
 * The `cifar` stem (one 3×3 convolution, no pooling) keeps the resolution of small images; padding is 1, so that
 * 32 pixels stay 32. The stride of a bottleneck sits on its 3×3 convolution, as in torchvision ("v1.5").
 * Source: He 2016, https://arxiv.org/abs/1512.03385; the CIFAR stem as in SimCLR, Appendix B.9.
 */
import { type Generator, maxPool2d, nn, type Tensor } from '@la-ssl/torch';
import type { Encoder } from './encoder.js';

export interface ResNetOptions {
  depth: 18 | 34 | 50;
  /** `imagenet`: 7×7 convolution with stride 2 and max-pooling; `cifar`: 3×3 with stride 1. */
  stem?: 'imagenet' | 'cifar' | undefined;
  /** Channels of the first stage; 64 is the standard, so `width / 64` is the width multiplier. */
  width?: number | undefined;
  /** C of the images. */
  channels?: number | undefined;
  /** Source of the first weights (the default generator). */
  generator?: Generator | undefined;
}

const BLOCKS = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3] } as const;

/** `x + f(x)`, where f is convolutions with batch norm, the last one not followed by a ReLU. */
abstract class Block extends nn.Module {
  readonly #downsample: nn.Layer | null;

  constructor(inChannels: number, outChannels: number, stride: number, init: nn.InitOptions) {
    super();
    this.#downsample =
      stride === 1 && inChannels === outChannels
        ? null
        : this.child(
            'downsample',
            new nn.Sequential(
              new nn.Conv2d(inChannels, outChannels, 1, { stride, ...init }),
              new nn.BatchNorm(outChannels),
            ),
          );
  }

  /** `relu(f(input) + shortcut)` */
  protected abstract join(input: Tensor, shortcut: Tensor): Tensor;

  forward(input: Tensor): Tensor {
    return this.join(input, this.#downsample?.forward(input) ?? input);
  }
}

class BasicBlock extends Block {
  static readonly expansion = 1;
  readonly #conv1: nn.Conv2d;
  readonly #bn1: nn.BatchNorm;
  readonly #conv2: nn.Conv2d;
  readonly #bn2: nn.BatchNorm;

  constructor(inChannels: number, channels: number, stride: number, init: nn.InitOptions) {
    super(inChannels, channels, stride, init);
    this.#conv1 = this.child(
      'conv1',
      new nn.Conv2d(inChannels, channels, 3, { stride, padding: 1, ...init }),
    );
    this.#bn1 = this.child('bn1', new nn.BatchNorm(channels));
    this.#conv2 = this.child('conv2', new nn.Conv2d(channels, channels, 3, { padding: 1, ...init }));
    this.#bn2 = this.child('bn2', new nn.BatchNorm(channels));
  }

  protected join(input: Tensor, shortcut: Tensor): Tensor {
    const hidden = this.#conv1.forwardNormalised(input, this.#bn1, { relu: true });
    return this.#conv2.forwardNormalised(hidden, this.#bn2, { residual: shortcut, relu: true });
  }
}

class Bottleneck extends Block {
  static readonly expansion = 4;
  readonly #conv1: nn.Conv2d;
  readonly #bn1: nn.BatchNorm;
  readonly #conv2: nn.Conv2d;
  readonly #bn2: nn.BatchNorm;
  readonly #conv3: nn.Conv2d;
  readonly #bn3: nn.BatchNorm;

  constructor(inChannels: number, channels: number, stride: number, init: nn.InitOptions) {
    super(inChannels, channels * Bottleneck.expansion, stride, init);
    this.#conv1 = this.child('conv1', new nn.Conv2d(inChannels, channels, 1, init));
    this.#bn1 = this.child('bn1', new nn.BatchNorm(channels));
    this.#conv2 = this.child('conv2', new nn.Conv2d(channels, channels, 3, { stride, padding: 1, ...init }));
    this.#bn2 = this.child('bn2', new nn.BatchNorm(channels));
    this.#conv3 = this.child('conv3', new nn.Conv2d(channels, channels * Bottleneck.expansion, 1, init));
    this.#bn3 = this.child('bn3', new nn.BatchNorm(channels * Bottleneck.expansion));
  }

  protected join(input: Tensor, shortcut: Tensor): Tensor {
    const narrow = this.#conv1.forwardNormalised(input, this.#bn1, { relu: true });
    const hidden = this.#conv2.forwardNormalised(narrow, this.#bn2, { relu: true });
    return this.#conv3.forwardNormalised(hidden, this.#bn3, { residual: shortcut, relu: true });
  }
}

/** A ResNet from the images to the pooled features; F is `8 · width`, four times that with depth 50. */
export class ResNet extends nn.Module implements Encoder {
  readonly features: number;
  readonly #pooled: boolean;
  readonly #conv1: nn.Conv2d;
  readonly #bn1: nn.BatchNorm;
  readonly #stages: nn.Layer[];

  /** @throws RangeError where `width` or `channels` is not a positive whole number */
  constructor({ depth, stem = 'imagenet', width = 64, channels = 3, generator }: ResNetOptions) {
    super();
    for (const [name, value] of Object.entries({ width, channels })) {
      if (!(Number.isInteger(value) && value > 0)) {
        throw new RangeError(`${name} must be a positive whole number, got ${value}`);
      }
    }
    const init = { generator };
    const BlockType = depth === 50 ? Bottleneck : BasicBlock;
    this.#pooled = stem === 'imagenet';
    const [kernel, stride, padding] = this.#pooled ? [7, 2, 3] : [3, 1, 1];
    this.#conv1 = this.child('conv1', new nn.Conv2d(channels, width, kernel, { stride, padding, ...init }));
    this.#bn1 = this.child('bn1', new nn.BatchNorm(width));
    let inChannels = width;
    this.#stages = BLOCKS[depth].map((blocks, stage) => {
      const stageChannels = width * 2 ** stage;
      const layers = Array.from({ length: blocks }, (_, i) => {
        const block = new BlockType(inChannels, stageChannels, stage > 0 && i === 0 ? 2 : 1, init);
        inChannels = stageChannels * BlockType.expansion;
        return block;
      });
      return this.child(`layer${stage + 1}`, new nn.Sequential(...layers));
    });
    this.features = inChannels;
  }

  /**
   * @param images - `[N, C, H, W]`; computed in channels-last, whatever they come in
   * @returns features `[N, F]`
   */
  forward(images: Tensor): Tensor {
    const input = images.contiguous({ memoryFormat: 'channelsLast' });
    let x = this.#conv1.forwardNormalised(input, this.#bn1, { relu: true });
    if (this.#pooled) x = maxPool2d(x, 3, { stride: 2, padding: 1 });
    for (const stage of this.#stages) x = stage.forward(x);
    return x.mean([2, 3]);
  }
}

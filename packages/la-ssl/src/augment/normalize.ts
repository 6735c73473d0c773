/** @file Normalisation: each channel minus its mean, divided by its standard deviation. */
import { fromData, scope, type Tensor } from '@la-ssl/torch';

/** One number a channel, in units of [0, 1]. */
export interface Normalization {
  mean: readonly number[];
  std: readonly number[];
}

/** Of the 50,000 training images of CIFAR-10. */
export const CIFAR10_NORMALIZATION: Normalization = {
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
};
/** Of ImageNet's training images, as torchvision's models expect it. */
export const IMAGENET_NORMALIZATION: Normalization = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
/** For images of one channel whose statistics are not known. */
export const GRAY_NORMALIZATION: Normalization = { mean: [0.5], std: [0.25] };

/** @returns what is used where nothing is said: CIFAR-10's for three channels, ½ and ¼ for one */
export function defaultNormalization(channels: number): Normalization {
  return channels === 1 ? GRAY_NORMALIZATION : CIFAR10_NORMALIZATION;
}

/**
 * `(images − mean) / std`, by channel.
 * @param images - float32 `[N, C, H, W]`
 * @throws RangeError where mean or std do not have C finite numbers, or a std is not positive
 */
export function applyNormalize(images: Tensor, normalization: Normalization): Tensor {
  const channels = images.shape[1] as number;
  const { mean, std } = checkNormalization(channels, normalization);
  const byChannel = (values: readonly number[]) =>
    fromData(Float32Array.from(values), [channels, 1, 1]).toDevice(images.device);
  return scope(() => images.sub(byChannel(mean)).div_(byChannel(std)));
}

/** @throws RangeError where mean or std do not have C finite numbers, or a std is not positive */
export function checkNormalization(channels: number, normalization: Normalization): Normalization {
  const { mean, std } = normalization;
  for (const [name, values] of [
    ['mean', mean],
    ['std', std],
  ] as const) {
    if (values.length !== channels || !values.every(Number.isFinite)) {
      throw new RangeError(
        `${name} must have a number for each of the ${channels} channels, got [${values.join(', ')}].`,
      );
    }
  }
  if (!std.every((value) => value > 0))
    throw new RangeError(`std must be positive, got [${std.join(', ')}].`);
  return normalization;
}

/**
 * The inverse, as bytes to look at.
 * @param views - normalised float32 `[N, C, H, W]`
 * @returns `round(255 (views · std + mean))`, limited to 0 to 255, `[N, C, H, W]`
 */
export function toBytes(views: Tensor, { mean, std }: Normalization): Uint8Array {
  const byChannel = (values: readonly number[]) => fromData(Float32Array.from(values), [values.length, 1, 1]);
  return scope(() => {
    const unit = views.mul(byChannel(std)).add_(byChannel(mean));
    const bytes = unit.mul_(255).round().clamp_({ min: 0, max: 255 }).to('uint8');
    return new Uint8Array(bytes.data() as Uint8Array);
  });
}

/**
 * @file Changes of a batch by ATen's operators, one image and one change after another: the plain reference of the operator,
 * and what runs on other devices.
 */
import { cat, conv2d, fromData, scope, type Tensor, upsampleBilinear2d, where } from '@la-ssl/torch';
import { type Changes, OPERATIONS, type Operation } from './changes.js';
import { toUnitRange } from './images.js';
import { applyNormalize } from './normalize.js';

/**
 * As `changeImages`.
 * @param images - float64 ones are computed with in float64
 */
export function composedChanges(images: Tensor, changes: Changes): Tensor {
  const { steps = [], blurSize = 1, normalization } = changes;
  return scope(() => {
    const unit = images.dtype === 'uint8' ? toUnitRange(images) : images;
    const views = Array.from({ length: images.shape[0] as number }, (_, i) =>
      scope(() => {
        let view = cropped(unit.narrow(0, i, 1), i, changes);
        for (const { operation, amount } of steps) {
          view = changed(view, OPERATIONS[operation[i]!]!, amount[i]!, blurSize);
        }
        return view;
      }),
    );
    const all = cat(views);
    return normalization ? applyNormalize(all, normalization) : all;
  });
}

/** Bilinear, without antialiasing. */
function cropped(image: Tensor, i: number, { crop, flip, size }: Changes): Tensor {
  if (!crop || !size) return image.clone();
  const piece = image.narrow(2, crop.top[i]!, crop.height[i]!).narrow(3, crop.left[i]!, crop.width[i]!);
  return upsampleBilinear2d(flip?.applied[i] ? piece.flip([3]) : piece, size, false);
}

function changed(image: Tensor, operation: Operation, amount: number, blurSize: number): Tensor {
  const colour = image.shape[1] === 3;
  const blended = (other: Tensor) => limited(image.mul(amount).add(other.mul(1 - amount)));
  switch (operation) {
    case 'nothing':
      return image;
    case 'brightness':
      return limited(image.mul(amount));
    case 'contrast':
      return blended(luminance(image).mean([1, 2, 3], { keepdim: true }));
    case 'saturation':
      return colour ? blended(luminance(image)) : image;
    case 'hue':
      return colour ? turnedHue(image, amount) : image;
    case 'grayscale':
      return luminance(image).expand(image.shape);
    case 'blur':
      return blurred(image, amount, blurSize);
    case 'solarize':
      return where(image.ge(amount), image.neg().add(1), image);
  }
}

const limited = (image: Tensor) => image.clamp({ min: 0, max: 1 });

/**
 * `0.2989 R + 0.587 G + 0.114 B`, the weights of ITU-R BT.601 as torchvision rounds them; the channel itself where it is one.
 * @returns `[1, 1, H, W]`
 */
function luminance(image: Tensor): Tensor {
  const [red, green, blue] = image.split(1, { dim: 1 }) as [Tensor, Tensor | undefined, Tensor | undefined];
  return green && blue ? red.mul(0.2989).add(green.mul(0.587)).add(blue.mul(0.114)) : red;
}

/**
 * Turns the hue of HSV, keeping value and saturation. With the greatest of the three channels, the least and their
 * difference, the chroma, hue is a place on a circle of six sectors, on which each channel rises from the least to the
 * greatest, stays for two sectors, falls, and stays for two.
 */
function turnedHue(image: Tensor, turn: number): Tensor {
  const least = image.amin({ dim: 1, keepdim: true });
  const greatest = image.amax({ dim: 1, keepdim: true });
  const chroma = greatest.sub(least);
  const [red, green, blue] = image.split(1, { dim: 1 }) as [Tensor, Tensor, Tensor];
  const rise = (up: Tensor, down: Tensor, sector: number) =>
    up
      .sub(down)
      .div(chroma.clamp({ min: 1e-30 }))
      .add(sector);
  const fromGreenOrBlue = where(green.eq(greatest), rise(blue, red, 2), rise(red, green, 4));
  const fromAny = where(red.eq(greatest), rise(green, blue, 0), fromGreenOrBlue);
  const hue = fromAny.add(6 * turn).remainder(6);
  const to = (middle: number) => hue.sub(middle).abs();
  const shares = cat([to(3).sub(1), to(2).neg().add(2), to(4).neg().add(2)], { dim: 1 });
  return limited(shares).mul(chroma).add(least);
}

/** Two convolutions, along columns and rows, over a border that mirrors the image without its edge. */
function blurred(image: Tensor, sigma: number, size: number): Tensor {
  const half = (size - 1) / 2;
  if (half === 0) return image;
  const channels = image.shape[1] as number;
  const kernel = fromData(gaussianKernel(sigma, size)).to(image.dtype).toDevice(image.device);
  const along = (shape: readonly number[], input: Tensor) =>
    conv2d(input, kernel.view([1, 1, ...shape]).expand([channels, 1, ...shape]), { groups: channels });
  const columns = along([size, 1], image.pad([half, half, half, half], { mode: 'reflect' }));
  return along([1, size], columns);
}

/** @returns `exp(−(x / σ)² / 2)` at whole x around 0, divided by their sum */
function gaussianKernel(sigma: number, size: number): Float32Array {
  const kernel = Float32Array.from({ length: size }, (_, i) =>
    Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2),
  );
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
}

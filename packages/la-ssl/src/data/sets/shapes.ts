/**
 * @file Shapes on grounds: a small data set that is drawn, not downloaded, for the demo and for tests.
 *
 * The label is a shape (star, heart, ring, cross), the spurious attribute the ground that it lies on (sea, meadow,
 * sand, brick). In training each shape lies mostly on its own ground; in the test set every ground is equally
 * likely. An aligned and a conflicting image differ in nothing but that pairing: position, size, rotation, hue and
 * brightness are drawn alike.
 */
import { z } from 'zod';
import { Random } from '../../random.js';
import type { ImageDataset, TrainOrTest } from '../dataset.js';
import { parseSpec, share } from '../spec.js';

const SHAPES = ['star', 'heart', 'ring', 'cross'] as const;
const GROUNDS = ['sea', 'meadow', 'sand', 'brick'] as const;
type Shape = (typeof SHAPES)[number];
type Ground = (typeof GROUNDS)[number];

/** Side of an image, in pixels. */
const SIZE = 24;
/** Each pixel of a shape's edge is the mean of so many points along each side. */
const SUPERSAMPLING = 3;
/** Third words of the random keys: they keep the draws of the two splits apart. */
const KEYS: Record<TrainOrTest, number> = { train: 0x7472, test: 0x7465 };

export const shapesSpec = z.strictObject({
  name: z.literal('shapes'),
  alignedShare: share.default(0.95).describe('the share of training images whose ground goes with the shape'),
  examples: z.int().positive().default(2000).describe('training images'),
  testExamples: z.int().positive().default(4000).describe('test images'),
  seed: z.int().min(0).default(0).describe('of the drawing'),
});
export type ShapesSpec = z.input<typeof shapesSpec>;

/** Draws one split. @throws where the specification is wrong */
export function drawShapes(split: TrainOrTest, spec: ShapesSpec): ImageDataset {
  const { alignedShare, examples, testExamples, seed } = parseSpec(shapesSpec, spec);
  const count = split === 'train' ? examples : testExamples;
  const labels = Int32Array.from({ length: count }, (_, i) => i % SHAPES.length);
  const seen = new Int32Array(SHAPES.length);
  const grounds = labels.map((label) => {
    const k = seen[label]!++;
    const ofClass = Math.ceil((count - label) / SHAPES.length);
    return split === 'test'
      ? k % GROUNDS.length
      : groundOf(label, k, Math.round(ofClass * (1 - alignedShare)));
  });
  const images = new Uint8Array(count * 3 * SIZE * SIZE);
  for (let i = 0; i < count; i++) {
    const random = new Random(seed, i, KEYS[split]);
    const pixels = draw(SHAPES[labels[i]!]!, GROUNDS[grounds[i]!]!, random);
    images.set(pixels, i * pixels.length);
  }
  return {
    name: 'shapes',
    split,
    images,
    shape: { count, channels: 3, height: SIZE, width: SIZE },
    classNames: SHAPES,
    labels,
    attributes: [
      { name: 'ground', values: GROUNDS, codes: grounds, alignedWith: Int32Array.from(SHAPES, (_, i) => i) },
    ],
    ids: Array.from(labels, (label, i) => `${split}-${i}-${SHAPES[label]}`),
  };
}

/** The k-th image of a class: the first `conflicting` lie on the other grounds in turn, the rest on its own. */
function groundOf(label: number, k: number, conflicting: number): number {
  return k < conflicting ? (label + 1 + (k % (GROUNDS.length - 1))) % GROUNDS.length : label;
}

/** @returns pixels `[3, SIZE, SIZE]`, 0 to 255 */
function draw(shape: Shape, ground: Ground, random: Random): Uint8Array {
  const background = drawGround(ground, random); // [SIZE · SIZE · 3] in [0, 1]
  const radius = random.uniform(0.22, 0.28); // of the image's side, as is the centre
  const centre = [random.uniform(-0.18, 0.18), random.uniform(-0.18, 0.18)] as const;
  const angle = random.uniform(-0.35, 0.35);
  const white = random.uniform(0.85, 1);
  const pixels = new Uint8Array(3 * SIZE * SIZE);
  const outline = 0.8 / (radius * SIZE); // 0.8 pixels, in units of the shape
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      let inside = 0;
      let covered = 0;
      for (let s = 0; s < SUPERSAMPLING ** 2; s++) {
        const px = (x + ((s % SUPERSAMPLING) + 0.5) / SUPERSAMPLING) / SIZE - 0.5 - centre[0];
        const py = (y + (Math.floor(s / SUPERSAMPLING) + 0.5) / SUPERSAMPLING) / SIZE - 0.5 - centre[1];
        const u = (px * Math.cos(angle) + py * Math.sin(angle)) / radius;
        const v = (py * Math.cos(angle) - px * Math.sin(angle)) / radius;
        const distance = distanceTo(shape, u, v);
        if (distance < 0) inside++;
        if (distance < outline) covered++;
      }
      const fill = inside / SUPERSAMPLING ** 2;
      const edge = covered / SUPERSAMPLING ** 2;
      for (let c = 0; c < 3; c++) {
        const behind = background[(y * SIZE + x) * 3 + c]!;
        const outlined = behind * (1 - edge) + 0.08 * edge;
        const value = outlined * (1 - fill) + white * fill;
        pixels[(c * SIZE + y) * SIZE + x] = Math.round(255 * value);
      }
    }
  }
  return pixels;
}

/** How far (u, v) lies outside of the shape, in units of its radius; negative inside. Up is −v. */
function distanceTo(shape: Shape, u: number, v: number): number {
  switch (shape) {
    case 'star': {
      // Fold onto a tenth of the star: from a tip at angle 0 to a notch at π / 5, joined by a straight edge.
      const sector = Math.PI / 5;
      const turn = Math.atan2(u, -v);
      const angle = Math.abs(turn - 2 * sector * Math.round(turn / (2 * sector)));
      const [tip, notch] = [1.15, 0.48];
      const r = Math.hypot(u, v);
      const [ex, ey] = [notch * Math.cos(sector) - tip, notch * Math.sin(sector)];
      return ((r * Math.cos(angle) - tip) * ey - r * Math.sin(angle) * ex) / Math.hypot(ex, ey);
    }
    case 'heart': {
      const x = Math.abs(u) * 1.15;
      const y = -v * 1.15 + 0.15;
      return 0.35 * Math.cbrt((x * x + y * y - 1) ** 3 - x * x * y ** 3);
    }
    case 'ring':
      return Math.abs(Math.hypot(u, v) - 0.72) - 0.27;
    case 'cross': {
      const [x, y] = [Math.abs(u), Math.abs(v)];
      return Math.min(Math.max(x - 1.05, y - 0.34), Math.max(x - 0.34, y - 1.05));
    }
    default:
      return shape satisfies never;
  }
}

/** Hue, saturation and mean value of each ground. */
const COLOURS: Record<Ground, [hue: number, saturation: number, value: number]> = {
  sea: [0.58, 0.65, 0.62],
  meadow: [0.31, 0.6, 0.55],
  sand: [0.11, 0.5, 0.75],
  brick: [0.02, 0.6, 0.58],
};

/** @returns pixels `[SIZE, SIZE, 3]` in [0, 1] */
function drawGround(ground: Ground, random: Random): Float64Array {
  const relief = reliefOf(ground, random);
  const [hue, saturation, base] = COLOURS[ground];
  const tint = hue + 0.015 * random.normal();
  const brightness = base * random.uniform(0.85, 1.15);
  const pixels = new Float64Array(SIZE * SIZE * 3);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const value = brightness * (1 + 0.22 * relief(x, y) + 0.05 * random.normal());
      pixels.set(rgbOf(tint, saturation, Math.min(1, Math.max(0, value))), (y * SIZE + x) * 3);
    }
  }
  return pixels;
}

/** Light and dark of a ground at pixel (x, y), about −1 to 1. */
function reliefOf(ground: Ground, random: Random): (x: number, y: number) => number {
  const phases = [random.uniform(), random.uniform()] as const;
  switch (ground) {
    case 'sea': {
      const wave = random.uniform(5, 7);
      return (x, y) => {
        const bend = 1.2 * Math.sin(2 * Math.PI * (x / (2 * wave) + phases[1]));
        return Math.sin(2 * Math.PI * (y / wave + phases[0]) + bend);
      };
    }
    case 'meadow': {
      const shift = random.below(3);
      const blades = Float64Array.from({ length: (SIZE / 3 + 2) * SIZE }, () => 0.9 * random.normal());
      return (x, y) => blades[Math.floor((y + shift) / 3) * SIZE + x]!;
    }
    case 'sand': {
      const dune = random.uniform(7, 10);
      return (x, y) => {
        const along =
          (x + y) / dune + phases[0] + 0.15 * Math.sin((2 * Math.PI * (x - y)) / 20 + 6 * phases[1]);
        return 2 * (along - Math.floor(along)) - 1;
      };
    }
    case 'brick': {
      const [dx, dy] = [random.below(8), random.below(5)];
      return (x, y) => {
        const row = Math.floor((y + dy) / 5);
        const mortar = (y + dy) % 5 === 0 || (x + dx + 4 * (row % 2)) % 8 === 0;
        return mortar ? 1.6 : -0.3;
      };
    }
    default:
      return ground satisfies never;
  }
}

/** A colour given by hue (turns), saturation and value. */
function rgbOf(hue: number, saturation: number, value: number): [number, number, number] {
  const channel = (n: number): number => {
    const k = (((n + hue * 6) % 6) + 6) % 6;
    return value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

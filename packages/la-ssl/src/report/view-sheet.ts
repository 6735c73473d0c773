/** @file The contact sheet of views: what the encoder of a run will see, an image and its views a row. */
import { fromData, scope, type Tensor } from '@la-ssl/torch';
import { defaultNormalization, toBytes } from '../augment/index.js';
import { groupsOf, type ImageDataset, imagesAt } from '../data/index.js';
import { drawOrder, METHODS, visiblePatches } from '../methods/index.js';
import {
  encoderOptionsOf,
  methodRandom,
  type ResolvedConfig,
  TRAINING_VIEWS,
  viewsOf,
} from '../training/index.js';
import { contactSheet } from './contact-sheet.js';

/** Full views of each image. */
const VIEWS = 6;
/** Beside a small view, as the paper of the sheet; and under a mask, that white patches can be told from it. */
const PAPER = 250;
const HIDDEN = 200;

/** The place whose views are drawn: those of a run's first step, had it these examples. */
const PLACE = { purpose: TRAINING_VIEWS, step: 0 } as const;

/** A column: its caption, and one picture an example, `[N, C, H, W]`. */
interface Column {
  caption: string;
  pictures: Uint8Array;
}

/**
 * Draws each example and six full views of it, then its small views where the method takes such, by the pipelines of the
 * run; where the method hides patches (MAE), only what is visible. The seed of the configuration gives the same views.
 * @param indices - the examples, a row each
 * @returns the PNG
 * @throws Error where the images do not go with the configuration
 */
export async function viewSheet(
  config: ResolvedConfig,
  dataset: ImageDataset,
  indices: readonly number[],
): Promise<Buffer> {
  const { channels, height, width } = dataset.shape;
  const originals = imagesAt(dataset, indices);
  const columns = [
    { caption: 'image', pictures: originals },
    ...viewColumns(config, dataset.shape, originals),
  ];
  const size = channels * height * width;
  const images = new Uint8Array(indices.length * columns.length * size);
  indices.forEach((_, row) => {
    columns.forEach(({ pictures }, c) => {
      images.set(pictures.subarray(row * size, (row + 1) * size), (row * columns.length + c) * size);
    });
  });
  return contactSheet({
    images,
    shape: { ...dataset.shape, count: indices.length * columns.length },
    captions: indices.flatMap(() => columns.map(({ caption }) => [caption])),
    sections: rowTitles(dataset, indices).map((title) => ({ title, count: columns.length })),
    columns: columns.length,
  });
}

/** So many examples: the first of groups from the first to the last that have any, or of each group in turn where those are few. */
export function spreadOverGroups(dataset: ImageDataset, wanted: number): number[] {
  const count = Math.min(wanted, dataset.shape.count);
  if (!dataset.labels)
    return Array.from({ length: count }, (_, i) => Math.floor((i * dataset.shape.count) / count));
  const members = new Map<number, number[]>();
  groupsOf(dataset).groupOf.forEach((group, i) => {
    const known = members.get(group);
    if (known) known.push(i);
    else members.set(group, [i]);
  });
  const groups = [...members].sort(([a], [b]) => a - b).map(([, examples]) => examples);
  if (groups.length > count) {
    const step = (groups.length - 1) / Math.max(1, count - 1);
    return Array.from({ length: count }, (_, i) => groups[Math.round(i * step)]![0]!);
  }
  const inTurn: number[] = [];
  for (let turn = 0; inTurn.length < count; turn++) {
    for (const examples of groups) if (turn < examples.length) inTurn.push(examples[turn]!);
  }
  return inTurn.slice(0, count);
}

function rowTitles(dataset: ImageDataset, indices: readonly number[]): string[] {
  const known = dataset.labels && groupsOf(dataset);
  return indices.map((i) => {
    const group = known?.groups[known.groupOf[i]!];
    return [group?.name, dataset.ids[i]].filter(Boolean).join('  ');
  });
}

function viewColumns(config: ResolvedConfig, shape: ImageDataset['shape'], originals: Uint8Array): Column[] {
  const { channels, height, width } = shape;
  const count = originals.length / (channels * height * width);
  const { views: perStep } = METHODS[config.method];
  const pictures = (view: Tensor) =>
    framed(view, { height, width }, toBytes(view, defaultNormalization(channels)));
  return scope(() => {
    const images = fromData(originals, [count, channels, height, width]);
    const makeViews = viewsOf(config, shape);
    const full = makeViews(images, PLACE, VIEWS).map((view, i) => ({
      caption: perStep === 1 ? 'view' : i % 2 === 0 ? 'first view' : 'second view',
      pictures: pictures(view),
    }));
    const small = config.localCrops > 0 ? makeViews(images, PLACE).slice(perStep) : [];
    const local = small.map((view) => ({ caption: 'small view', pictures: pictures(view) }));
    if (config.method === 'mae') hidePatches(config, shape, full);
    return [...full, ...local];
  });
}

/** The pictures of views, in the middle of frames as large as the images. @returns `[N, C, height, width]` */
function framed(
  view: Tensor,
  { height, width }: { height: number; width: number },
  bytes: Uint8Array,
): Uint8Array {
  const [count, channels, rows, columns] = view.shape as [number, number, number, number];
  if (rows === height && columns === width) return bytes;
  const framed = new Uint8Array(count * channels * height * width).fill(PAPER);
  const [top, left] = [(height - rows) >> 1, (width - columns) >> 1];
  for (let plane = 0; plane < count * channels; plane++) {
    for (let y = 0; y < rows; y++) {
      const from = (plane * rows + y) * columns;
      framed.set(bytes.subarray(from, from + columns), (plane * height + top + y) * width + left);
    }
  }
  return framed;
}

/** Masks of MAE over views, a new one each, as its training step draws them; in place. */
function hidePatches(config: ResolvedConfig, shape: ImageDataset['shape'], views: readonly Column[]): void {
  const { channels, height, width } = shape;
  const { patchSize = 1 } = encoderOptionsOf(config, shape);
  const across = width / patchSize;
  const patches = (height / patchSize) * across;
  const random = methodRandom(config.seed, PLACE);
  for (const view of views) {
    view.caption = 'masked view';
    const count = view.pictures.length / (channels * height * width);
    const orders = drawOrder(count, patches, random).tolist() as number[][];
    orders.forEach((order, n) => {
      for (const patch of order.slice(visiblePatches(patches, config.maskRatio!))) {
        const [top, left] = [Math.floor(patch / across) * patchSize, (patch % across) * patchSize];
        for (let plane = n * channels; plane < (n + 1) * channels; plane++) {
          for (let y = top; y < top + patchSize; y++) {
            const from = (plane * height + y) * width + left;
            view.pictures.fill(HIDDEN, from, from + patchSize);
          }
        }
      }
    });
  }
}

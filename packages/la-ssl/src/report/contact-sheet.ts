/**
 * @file A contact sheet: many small pictures with captions in one PNG, in titled sections.
 *
 * Text is drawn with a font of our own (`bitmap-font.ts`), pictures are enlarged by whole factors without smoothing, so
 * that the pixels that the encoder saw can be told apart.
 */
import sharp from 'sharp';
import { ADVANCE, dotsOf, GLYPH_HEIGHT } from './bitmap-font.js';

export interface SheetSection {
  title: string;
  /** How many of the images, in order, belong to it; may be 0. */
  count: number;
}

export interface ContactSheetOptions {
  /** Pixels 0 to 255, `[N, C, H, W]`, C 1 (grey) or 3 (RGB). */
  images: Uint8Array;
  shape: { count: number; channels: number; height: number; width: number };
  /** The lines under each image, `[N]`. */
  captions?: readonly (readonly string[])[];
  /** One section without a title where they are left out. */
  sections?: readonly SheetSection[];
  /** Images a row (8). */
  columns?: number;
  /** Images smaller than that are enlarged by the largest whole factor that stays within it, pixels (160). */
  side?: number;
}

const INK = [24, 24, 28] as const;
const PAPER = [250, 250, 248] as const;
/** Pixels a dot of the font. */
const DOT = 2;
const LINE = (GLYPH_HEIGHT + 3) * DOT;
const GAP = 8;
const CAPTION_CHARACTERS = 24;

/**
 * Draws a contact sheet. Sections are set side by side where that brings the sheet nearer to a square.
 * @returns the PNG
 * @throws RangeError where the pixels, captions or sections do not go with `shape`
 */
export async function contactSheet(options: ContactSheetOptions): Promise<Buffer> {
  checkSheet(options);
  const { images, shape, captions = [], sections = [{ title: '', count: shape.count }] } = options;
  const { height, width } = shape;
  const scale = Math.max(1, Math.floor((options.side ?? 160) / Math.max(height, width)));
  const lines = Math.max(0, ...captions.map((caption) => caption.length));
  const longest = Math.max(0, ...captions.flat().map((line) => shortened(line).length));
  const columns = Math.min(options.columns ?? 8, Math.max(1, ...sections.map(({ count }) => count)));
  const cell = {
    width: Math.max(width * scale, longest * ADVANCE * DOT) + GAP,
    height: height * scale + lines * LINE + (lines > 0 ? 4 : 0) + GAP,
  };
  const block = Math.max(columns * cell.width, ...sections.map(({ title }) => textWidth(title))) + GAP;
  const heights = sections.map(
    ({ title, count }) => (title ? LINE + 4 : 0) + Math.ceil(count / columns) * cell.height + GAP,
  );
  const total = heights.reduce((sum, h) => sum + h, 0);
  const places = flow(heights, total / Math.max(1, Math.round(Math.sqrt(total / block))));
  const canvas = new Canvas(
    2 * GAP + block * (1 + Math.max(...places.map(({ column }) => column))),
    2 * GAP + Math.max(...places.map(({ top }, s) => top + heights[s]!)),
  );

  let i = 0;
  sections.forEach(({ title, count }, s) => {
    const left = GAP + places[s]!.column * block;
    let top = GAP + places[s]!.top;
    if (title) {
      canvas.text(title, left, top);
      top += LINE + 4;
    }
    for (let k = 0; k < count; k++, i++) {
      const x = left + (k % columns) * cell.width;
      const y = top + Math.floor(k / columns) * cell.height;
      canvas.picture(images, shape, i, x, y, scale);
      captions[i]?.forEach((line, l) => {
        canvas.text(shortened(line), x, y + height * scale + 4 + l * LINE);
      });
    }
  });
  return sharp(canvas.pixels, { raw: { width: canvas.width, height: canvas.height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

function checkSheet({ images, shape, captions, sections, columns = 8 }: ContactSheetOptions): void {
  const { count, channels, height, width } = shape;
  if (count === 0) throw new RangeError('A contact sheet needs at least one image.');
  if (channels !== 1 && channels !== 3)
    throw new RangeError(`A contact sheet takes images of 1 or 3 channels, got ${channels}.`);
  if (images.length !== count * channels * height * width)
    throw new RangeError(`Images have ${images.length} bytes, not ${count}·${channels}·${height}·${width}.`);
  if (captions && captions.length !== count)
    throw new RangeError(`Got ${captions.length} captions for ${count} images; give one each.`);
  const inSections = sections?.reduce((sum, section) => sum + section.count, 0) ?? count;
  if (inSections !== count)
    throw new RangeError(`Sections hold ${inSections} images, and there are ${count}.`);
  if (!(Number.isInteger(columns) && columns > 0))
    throw new RangeError(`columns is ${columns}; give a whole number from 1.`);
}

/** Sets blocks one under the other, in a new column where the current one is `fullAt` high. */
function flow(heights: readonly number[], fullAt: number): { column: number; top: number }[] {
  let column = 0;
  let top = 0;
  return heights.map((height) => {
    if (top > 0 && top + height > fullAt * 1.001 + height / 2) {
      column++;
      top = 0;
    }
    const place = { column, top };
    top += height;
    return place;
  });
}

function shortened(line: string): string {
  return line.length <= CAPTION_CHARACTERS ? line : `${line.slice(0, CAPTION_CHARACTERS - 2)}..`;
}

function textWidth(text: string): number {
  return text.length * ADVANCE * DOT;
}

/** RGB pixels, `[height, width, 3]`, with what a contact sheet draws. */
class Canvas {
  readonly pixels: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint8Array(width * height * 3);
    for (let p = 0; p < this.pixels.length; p += 3) this.pixels.set(PAPER, p);
  }

  /** @param left - of the first character, pixels, as `top` */
  text(text: string, left: number, top: number): void {
    for (const [x, y] of dotsOf(text)) this.#square(left + x * DOT, top + y * DOT, DOT, INK);
  }

  /** Image `i` of `[N, C, H, W]`, each pixel a square of `scale`. */
  picture(
    images: Uint8Array,
    { channels, height, width }: ContactSheetOptions['shape'],
    i: number,
    left: number,
    top: number,
    scale: number,
  ): void {
    const plane = height * width;
    for (let p = 0; p < plane; p++) {
      const at = i * channels * plane + p;
      const colour: [number, number, number] =
        channels === 1
          ? [images[at]!, images[at]!, images[at]!]
          : [images[at]!, images[at + plane]!, images[at + 2 * plane]!];
      this.#square(left + (p % width) * scale, top + Math.floor(p / width) * scale, scale, colour);
    }
  }

  #square(left: number, top: number, side: number, colour: readonly number[]): void {
    const right = Math.min(left + side, this.width);
    for (let y = top; y < Math.min(top + side, this.height); y++) {
      for (let x = left; x < right; x++) this.pixels.set(colour, (y * this.width + x) * 3);
    }
  }
}

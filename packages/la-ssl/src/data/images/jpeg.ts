/**
 * @file JPEG files as nearly all are: baseline or progressive, 8 bits, gray or of three colours, upright. libjpeg-turbo
 * decodes them in the addon to the pixels of libvips, in a third of its time.
 *
 * What is in any way unusual is left to libvips: another kind of JPEG, an orientation, what libjpeg warns of.
 */
import { call, fromData, scope, type Tensor } from '@la-ssl/torch';
import type { Channels } from './resize.js';

/** Codes of markers: the byte after 0xff. */
const [SOF0, SOF2, SOI, SOS, APP1] = [0xc0, 0xc2, 0xd8, 0xda, 0xe1];

/** Codes of a beginning frame; DHT, JPG and DAC are between them. */
const isFrame = (code: number): boolean => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

const EXIF = 'Exif\0\0';
const ORIENTATION = 0x0112;

/**
 * @param channels - 1 to have gray images as they are
 * @param mostPixels - of an image that is decoded here
 * @returns uint8 `[H, W, 1]` of a gray image where that is wanted, else `[H, W, 3]`, which the caller frees; undefined where
 * libvips has to look at the file
 */
export function decodeJpeg(content: Uint8Array, channels: Channels, mostPixels: number): Tensor | undefined {
  if (!isPlainJpeg(content, mostPixels)) return undefined;
  try {
    return scope(() => call('la_ssl::decode_jpeg', fromData(content), channels) as Tensor);
  } catch {
    return undefined; // broken, or the addon was built without libjpeg
  }
}

/** Whether the headers of a file are those of a JPEG that `decodeJpeg` takes. */
export function isPlainJpeg(content: Uint8Array, mostPixels: number): boolean {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length < 2 || view.getUint16(0) !== 0xff00 + SOI) return false;
  let framed = false;
  let exifs = 0;
  for (let at = 2; at + 4 <= content.length; ) {
    if (view.getUint8(at) !== 0xff) return false;
    const code = view.getUint8(at + 1);
    if (code === SOS) return framed;
    const end = at + 2 + view.getUint16(at + 2);
    if (code < 0xc0 || (code >= 0xd0 && code <= 0xd9) || code === 0xff || end > content.length) return false;
    const segment = new DataView(content.buffer, content.byteOffset + at + 4, Math.max(0, end - at - 4));
    if (isFrame(code)) {
      if (framed || code > SOF2 || code < SOF0 || !isPlainFrame(segment, mostPixels)) return false;
      framed = true;
    }
    if (code === APP1 && isExif(segment) && (++exifs > 1 || !isUpright(segment))) return false;
    at = end;
  }
  return false;
}

function isPlainFrame(segment: DataView, mostPixels: number): boolean {
  if (segment.byteLength < 6) return false;
  const [bits, height, width] = [segment.getUint8(0), segment.getUint16(1), segment.getUint16(3)];
  const colours = segment.getUint8(5);
  return bits === 8 && (colours === 1 || colours === 3) && height * width > 0 && height * width <= mostPixels;
}

function isExif(segment: DataView): boolean {
  return [...EXIF].every(
    (letter, i) => i < segment.byteLength && segment.getUint8(i) === letter.charCodeAt(0),
  );
}

/**
 * Whether the first directory of EXIF is whole, and has no orientation or the usual one.
 *
 * Source: TIFF 6.0, "TIFF Structure"; the tag is in EXIF 2.3, 4.6.4.
 */
function isUpright(segment: DataView): boolean {
  const start = EXIF.length;
  if (segment.byteLength < start + 8) return false;
  const order = segment.getUint16(start);
  if (order !== 0x4949 && order !== 0x4d4d) return false; // II, MM
  const isLittle = order === 0x4949;
  const directory = start + segment.getUint32(start + 4, isLittle);
  if (directory + 2 > segment.byteLength) return false;
  const entries = segment.getUint16(directory, isLittle);
  if (directory + 2 + 12 * entries > segment.byteLength) return false;
  for (let entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
    if (segment.getUint16(entry, isLittle) !== ORIENTATION) continue;
    const [type, count] = [segment.getUint16(entry + 2, isLittle), segment.getUint32(entry + 4, isLittle)];
    if (type !== 3 || count !== 1 || segment.getUint16(entry + 8, isLittle) !== 1) return false;
  }
  return true;
}

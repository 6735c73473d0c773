/**
 * @file A font of 5 × 7 dots for the printable ASCII characters, so that pictures can carry text on a machine that
 * has no fonts installed (SVG text would come out empty there).
 *
 * A glyph is five columns from left to right, two hexadecimal digits each; bit 0 is the top dot, bit 6 the lowest.
 */

/** Dots of a glyph. */
export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 7;
/** From one character to the next. */
export const ADVANCE = GLYPH_WIDTH + 1;

/** From the space (32) to the tilde (126). */
const GLYPHS = [
  '0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0005030000', //   ! " # $ % & '
  '001c224100 0041221c00 082a1c2a08 08083e0808 0050300000 0808080808 0060600000 2010080402', // ( ) * + , - . /
  '3e5149453e 00427f4000 4261514946 2141454b31 1814127f10 2745454539 3c4a494930 0171090503', // 0 to 7
  '3649494936 064949291e 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906', // 8 9 : ; < = > ?
  '324979413e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a', // @ A to G
  '7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e', // H to O
  '7f09090906 3e4151215e 7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 3f4038403f', // P to W
  '6314081463 0708700807 6151494543 007f414100 0204081020 0041417f00 0402010204 4040404040', // X Y Z [ \ ] ^ _
  '0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 087e090102 0c5252523e', // ` a to g
  '7f08040478 00447d4000 2040443d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438', // h to o
  '7c14141408 081414187c 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c', // p to w
  '4428102844 0c5050503c 4464544c44 0008364100 00007f0000 0041360800 1008081008', // x y z { | } ~
]
  .join(' ')
  .split(' ')
  .map((columns) =>
    Array.from({ length: GLYPH_WIDTH }, (_, x) => Number.parseInt(columns.slice(2 * x, 2 * x + 2), 16)),
  );

/** What stands for a character that is not in the font: a frame. */
const UNKNOWN_GLYPH = [0x7f, 0x41, 0x41, 0x41, 0x7f];

/**
 * The dots of a line of text, `[x, y]` each, y from 0 (top) to 6; characters outside ASCII lose their accent, or
 * become a frame.
 */
export function* dotsOf(text: string): Generator<[x: number, y: number]> {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '');
  let at = 0;
  for (const character of plain) {
    const columns = GLYPHS[character.codePointAt(0)! - 32] ?? UNKNOWN_GLYPH;
    for (let x = 0; x < GLYPH_WIDTH; x++) {
      for (let y = 0; y < GLYPH_HEIGHT; y++) if ((columns[x]! >> y) & 1) yield [at + x, y];
    }
    at += ADVANCE;
  }
}

/** Pictures that look a little like photographs: a sum of waves of many lengths and colours, drawn anew for each. */
import { Random } from 'la-ssl/random';

const WAVES = 12;

/** @returns bytes `[N, 3, S, S]` */
export function pictures(count, size, height = size) {
  const pixels = new Uint8Array(count * 3 * size * height);
  for (let n = 0; n < count; n++)
    draw(pixels.subarray(n * 3 * size * height), size, height, new Random(1, n));
  return pixels;
}

function draw(pixels, width, height, random) {
  const value = new Float64Array(3 * width * height).fill(random.uniform(90, 160));
  for (let w = 0; w < WAVES; w++) {
    const turn = random.uniform(0, 2 * Math.PI);
    const frequency = (2 * Math.PI * random.uniform(0.3, 12)) / width;
    const [along, down] = [frequency * Math.cos(turn), frequency * Math.sin(turn)];
    const colour = [0, 1, 2].map(() => random.uniform(-30, 30));
    for (let y = 0, p = 0; y < height; y++) {
      for (let x = 0; x < width; x++, p++) {
        const wave = Math.sin(along * x + down * y + turn);
        for (let c = 0; c < 3; c++) value[c * width * height + p] += colour[c] * wave;
      }
    }
  }
  for (let i = 0; i < value.length; i++) pixels[i] = Math.max(0, Math.min(255, value[i]));
}

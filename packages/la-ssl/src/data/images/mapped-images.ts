/** @file Images in a file that is mapped into memory: the system reads what is wanted, and keeps it while there is room. */
import { access, constants } from 'node:fs/promises';
import { call, keep, scope, type Tensor } from '@la-ssl/torch';
import type { Pixels } from '../dataset.js';

export class MappedImages implements Pixels {
  /** Bytes in all. */
  readonly length: number;
  readonly #map: Tensor; // [slots, size]
  readonly #slots: ArrayLike<number>;
  readonly #size: number;

  private constructor(map: Tensor, slots: ArrayLike<number>) {
    this.#map = map;
    this.#slots = slots;
    this.#size = map.shape[1]!;
    this.length = slots.length * this.#size;
  }

  /**
   * Maps the beginning of a file, which must not become shorter while it is used; removing it does no harm.
   * @param file - of at least `count * size` bytes
   * @param count - images in it
   * @param size - bytes of an image
   * @param slots - which of them to take, in order, `[N]`
   */
  static async open(
    file: string,
    count: number,
    size: number,
    slots: ArrayLike<number>,
  ): Promise<MappedImages> {
    // A mapping of one's own costs nothing as long as nothing is written, but Linux may refuse a very large one.
    const shared = await access(file, constants.W_OK).then(
      () => true,
      () => false,
    );
    const map = scope(() => {
      const bytes = call(
        'aten::from_file',
        file,
        shared,
        count * size,
        'uint8',
        'strided',
        'cpu',
        false,
      ) as Tensor;
      return bytes.view([count, size]);
    });
    return new MappedImages(keep(map), slots);
  }

  /** @returns a copy of the bytes from `start` to before `end` */
  subarray(start = 0, end = this.length): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(0, end - start));
    for (let at = start; at < end; ) {
      const within = at % this.#size;
      const count = Math.min(this.#size - within, end - at);
      const slot = this.#slots[Math.floor(at / this.#size)]!;
      const part = scope(() => this.#map.select(0, slot).narrow(0, within, count).data() as Uint8Array);
      bytes.set(part, at - start);
      at += count;
    }
    return bytes;
  }

  pick(indices: ArrayLike<number>): MappedImages {
    return new MappedImages(
      this.#map,
      Int32Array.from(indices, (i) => this.#slots[i]!),
    );
  }
}

/** @file What a scaling function is: it turns learning speeds into weights that fall as the speed rises. */

/** Numbers that shape h; each shape reads its own. */
export interface ScalingOptions {
  /** linear: s* is the `r`-quantile of the speeds; in [0, 1], the paper's CelebA value is 0.1. */
  readonly r?: number | undefined;
  /** linear: how sharply slow examples are preferred, ≥ 0; the paper's CelebA value is 10, 0 gives uniform sampling. */
  readonly gamma?: number | undefined;
  /** power, rank, reciprocal-rank: the exponent, ≥ 0; 0 gives uniform sampling. */
  readonly power?: number | undefined;
  /** exponential: T > 0, in mean speeds; the larger, the nearer to uniform sampling. */
  readonly scalingTemperature?: number | undefined;
  /** top-share: the share of the examples that is drawn, in (0, 1]; 1 gives uniform sampling. */
  readonly slowestShare?: number | undefined;
}

/** A scaling function that has been fitted to the speeds of one moment. */
export interface Scaling {
  /** The speed at which the shape has its bend, s*; null where it has none. */
  readonly threshold: number | null;
  /**
   * The weight of an example: finite and ≥ 0.
   * @param speed - its speed
   * @param place - its place among the speeds that h was fitted to
   */
  h(speed: number, place: number): number;
}

/** Fits a scaling function to the known speeds; give your own to try another shape of h. */
export type ScalingFunction = (speeds: ArrayLike<number>, options: ScalingOptions) => Scaling;

/** The option by which a shape is made sharper. */
export type Knob = 'gamma' | 'power' | 'scalingTemperature' | 'slowestShare';

/** A shape of h: fitted once to the speeds, and then to any value of its knob. */
export interface ScalingShape {
  readonly knob: Knob;
  /** Its options with their defaults. */
  readonly options: ScalingOptions;
  /** Values of the knob between which a target is sought: from next to uniform to as sharp as it gets. */
  readonly range: readonly [uniform: number, sharpest: number];
  /**
   * @param speeds - of all known examples, > 0
   * @returns what fits h to a value of the knob
   * @throws RangeError where an option is out of range
   */
  fit(speeds: ArrayLike<number>, options: ScalingOptions): (knob: number) => Scaling;
}

/** @throws RangeError naming the option where it is not a finite number ≥ 0 */
export function checkNotNegative(name: string, value: number): void {
  if (value >= 0 && Number.isFinite(value)) return;
  throw new RangeError(`${name} must be a finite number ≥ 0, got ${value}.`);
}

/** @throws RangeError naming the option where it is not a finite number > 0 */
export function checkAboveZero(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new RangeError(`${name} must be a finite number > 0, got ${value}.`);
}

/**
 * @file Where the time of a run goes: one part at a time is on the watch, so parts never overlap and add up to all of it.
 *
 * Wall time. On a processor an operator has done its work when it returns; a GPU only queues it, and would have to
 * be waited for (synchronised) at each change of part.
 */
import type { MetricsEvent } from './events.js';

/**
 * Reading a batch's images, making its views, the method's loss, its gradient, the optimizer with what goes along with it
 * (clipping, a momentum encoder), measuring speeds (whole passes, views and all), probabilities and draws,
 * the online evaluation, metrics and speeds and checkpoints, and the rest.
 */
export const PROFILE_PARTS = [
  'loading',
  'augmentation',
  'forward',
  'backward',
  'optimizer',
  'scoring',
  'sampling',
  'evaluation',
  'writing',
  'other',
] as const;
export type ProfilePart = (typeof PROFILE_PARTS)[number];

/** Seconds by part. */
export type Profile = Record<ProfilePart, number>;

const none = (): Profile => Object.fromEntries(PROFILE_PARTS.map((part) => [part, 0])) as Profile;

/** Runs from its making on, first on `other`. */
export class Stopwatch {
  #profile = none();
  #part: ProfilePart = 'other';
  #since = performance.now();

  /** Goes over to this part. @returns the part before, to go back to */
  to(part: ProfilePart = 'other'): ProfilePart {
    const before = this.#part;
    const now = performance.now();
    this.#profile[before] += (now - this.#since) / 1000;
    this.#part = part;
    this.#since = now;
    return before;
  }

  /** What passed since the last time it was taken; goes on with the same part. */
  take(): Profile {
    this.to(this.#part);
    const taken = this.#profile;
    this.#profile = none();
    return taken;
  }
}

/** What the `profile` lines of a run's metrics add up to. @returns null where there are none */
export function profileOf(events: readonly MetricsEvent[]): Profile | null {
  const lines = events.filter((event) => event.kind === 'profile');
  if (lines.length === 0) return null;
  const sum = none();
  for (const { seconds } of lines) for (const part of PROFILE_PARTS) sum[part] += seconds[part];
  return sum;
}

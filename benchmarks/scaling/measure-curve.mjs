/** Measures the points of a curve, each warm in a process of its own, and fits how they grow. */
import { Side } from '../side.mjs';
import { spread } from '../statistics.mjs';
import { growth } from './growth.mjs';

/** A point that takes longer has failed. */
const PATIENCE = 300_000;
/** Of a point, however fast its rounds are. */
const MOST_ROUNDS = 200;
/** Seconds of warm-up and of rounds, as shares of what the curve has; `least` rounds whatever they take. */
const EFFORTS = {
  full: { share: 1 },
  quick: { share: 0.2, least: 3 },
  tiny: { share: 0, least: 1 },
};

/**
 * @param context - `{ size: 'full' | 'quick' | 'tiny', threads, say }`
 * @returns the curve's points `{ x, ms: { median, quartiles }, peakMB, rounds }`, and the growth of both
 * @throws Error where a point fails
 */
export async function measureCurve(curve, context) {
  const points = [];
  for (const x of curve.values[context.size]) {
    const started = performance.now();
    points.push(await measurePoint(curve, x, context));
    context.say(
      `  ${curve.x} ${x.toLocaleString('en')}: ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
  }
  const { name, title, x, grows, memoryGrows } = curve;
  const series = (of) => points.map((point) => [point.x, of(point)]);
  return {
    ...{ name, title, x, points },
    time: growth(
      series(({ ms }) => ms.median),
      grows,
    ),
    memory: growth(
      series(({ peakMB }) => peakMB),
      memoryGrows,
    ),
  };
}

async function measurePoint(curve, x, context) {
  const spec = { name: `${curve.name} at ${x}`, ...curve.side(x, context) };
  const side = new Side(spec, AbortSignal.timeout(PATIENCE));
  const { share, least } = { ...curve.effort, ...EFFORTS[context.size] };
  const seconds = share * curve.effort.seconds;
  try {
    await side.answer();
    await repeat(side, spec, { seconds: seconds / 4, least: context.size === 'tiny' ? 0 : 1 });
    const answers = await repeat(side, spec, { seconds, least });
    const ms = answers.flatMap(({ ms }) => ms);
    const peakMB = Math.max(...answers.map(({ peakMB }) => peakMB));
    return { x, ms: spread(ms), peakMB, rounds: ms.length };
  } finally {
    await side.end();
  }
}

/** Rounds for so many seconds, `least` of them at least. */
async function repeat(side, { line }, { seconds, least }) {
  const answers = [];
  const end = performance.now() + seconds * 1000;
  while (answers.length < least || (performance.now() < end && answers.length < MOST_ROUNDS)) {
    answers.push(await side.send(line));
  }
  return answers;
}

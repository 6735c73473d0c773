/** Measures one work: starts its sides, lets them take turns, and compares. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Side } from './side.mjs';
import { median, ratioByRound, spread } from './statistics.mjs';

/**
 * @param context - `{ python, quick, rounds, threads, say }`
 * @returns what each side took, and how many times faster ours is than each other; of fewer rounds where the time limit is over
 * @throws Error where a side fails, computes something else, or has no round when the time limit is over
 */
export async function measure(work, context) {
  const minutes = context.minutes ?? work.minutes;
  const limit = AbortSignal.timeout(minutes * 60_000);
  const folder = mkdtempSync(join(tmpdir(), 'benchmark-'));
  const sides = [];
  try {
    await work.prepare?.({ ...context, folder });
    const specs = work.sides({ ...context, folder });
    for (const spec of specs) {
      if (spec.role !== 'ours' && spec.python && !context.python) continue;
      sides.push(await start(spec, limit, context));
    }
    work.check?.(sides);
    await takeTurns(work, sides, context);
  } catch (error) {
    if (!limit.aborted) throw error;
    const rounds = sides.at(-1)?.rounds.length ?? 0;
    if (rounds === 0) throw new Error(`took longer than ${minutes} minutes`, { cause: error });
    context.say(`  stopped after ${minutes} minutes: ${rounds} rounds`);
  } finally {
    await Promise.all(sides.map(({ process }) => process.end()));
    rmSync(folder, { recursive: true, force: true });
  }
  work.checkRounds?.(sides);
  return compare(work, sides);
}

async function start(spec, limit, { say, quick }) {
  say(`  starting ${spec.name}`);
  const process = new Side(spec, limit);
  try {
    const ready = await process.answer();
    const warmup = (quick ? spec.quickWarmup : undefined) ?? spec.warmup ?? 0;
    for (let i = 0; i < warmup; i++) await process.send(lineOf(spec, 0));
    return { ...spec, process, ready, rounds: [] };
  } catch (error) {
    await process.end();
    throw error;
  }
}

/** What a side is sent in a round. */
const lineOf = ({ line = '', lines }, round) => lines?.(round) ?? line;

/** Forth and back, so that what drifts meets all sides alike. */
async function takeTurns(work, sides, { quick, rounds, say }) {
  const count = rounds ?? (quick ? (work.quickRounds ?? 3) : (work.rounds ?? 7));
  for (let round = 0; round < count; round++) {
    const order = round % 2 ? sides.toReversed() : sides;
    const answers = await (work.slice ? bySlices(order, round, work.slice) : oneByOne(order, round));
    for (const [side, answer] of answers) side.rounds.push(answer);
    say(`  round ${round + 1} of ${count}`);
  }
}

/** @returns the sides and what each answered */
async function oneByOne(sides, round) {
  const answers = [];
  for (const side of sides) answers.push([side, await side.process.send(lineOf(side, round))]);
  return answers;
}

/**
 * A long round: all sides are at it, but only one at a time has the machine, for a slice, while the others stand still. So what
 * drifts within a round meets all alike too. The time of a side is that of its slices.
 * @param slice - in ms
 * @returns the sides and what each answered
 */
async function bySlices(sides, round, slice) {
  const turns = sides.map((side) => {
    side.process.pause();
    const turn = { side, ms: 0, answered: null };
    turn.ended = side.process.send(lineOf(side, round)).then((answer) => {
      turn.answered = answer;
    });
    turn.ended.catch(() => {}); // it is told by the next slice
    return turn;
  });
  for (let left = turns; left.length > 0; left = left.filter(({ answered }) => !answered).toReversed()) {
    for (const turn of left) {
      const started = performance.now();
      turn.side.process.resume();
      await endsWithin(slice, turn.ended);
      turn.side.process.pause();
      turn.ms += performance.now() - started;
    }
  }
  return turns.map(({ side, ms, answered }) => [side, { ...answered, ms }]);
}

/** Waits for what is promised, but not longer than so many ms. */
async function endsWithin(ms, promise) {
  const timer = new AbortController();
  const over = sleep(ms, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([promise, over]).finally(() => timer.abort());
}

/** Of one answer: the time of a round, or the median of its steps. */
const timeOf = ({ ms }) => (Array.isArray(ms) ? median(ms) : ms);
const cpuTimeOf = ({ cpuMs }) => cpuMs;

function compare(work, sides) {
  const ours = sides.find(({ role }) => role === 'ours');
  const measured = sides.map(({ name, role, ready, rounds }) => ({
    name,
    role,
    ...ready,
    ms: spread(rounds.flatMap(({ ms }) => ms)),
    cpuMs: median(rounds.map(cpuTimeOf)),
    ...(rounds[0].peakMB && { peakMB: Math.max(...rounds.map(({ peakMB }) => peakMB)) }),
    rounds,
  }));
  const ratios = sides
    .filter((side) => side !== ours)
    .map(({ name, role, target, rounds }) => {
      const times = (of) => ratioByRound(rounds.map(of), ours.rounds.map(of));
      const ratio = times(timeOf);
      const wanted = target && { target, reached: ratio.ratio >= target };
      return { to: name, role, ...ratio, ...wanted, byCpuTime: times(cpuTimeOf) };
    });
  return {
    name: work.name,
    title: work.title,
    sides: measured,
    ratios,
    conditions: work.conditions?.(sides) ?? [],
  };
}

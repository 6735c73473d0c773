/** Measures one work: starts its sides, lets them take turns, and compares. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Side } from './side.mjs';
import { median, ratioByRound, spread } from './statistics.mjs';

/**
 * @param context - `{ python, quick, rounds, threads, say }`
 * @returns what each side took, and how many times faster ours is than each other
 * @throws Error where a side fails, computes something else, or the time limit of the work is over
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
    work.checkRounds?.(sides);
  } catch (error) {
    if (limit.aborted) throw new Error(`took longer than ${minutes} minutes`, { cause: error });
    throw error;
  } finally {
    await Promise.all(sides.map(({ process }) => process.end()));
    rmSync(folder, { recursive: true, force: true });
  }
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
    for (const side of round % 2 ? sides.toReversed() : sides) {
      side.rounds.push(await side.process.send(lineOf(side, round)));
    }
    say(`  round ${round + 1} of ${count}`);
  }
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

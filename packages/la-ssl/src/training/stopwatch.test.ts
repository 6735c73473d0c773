/** @file The parts of a run's time: against a clock that is set by hand, then in runs of seconds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import type { MetricsEvent, ProfileEvent } from './events.js';
import { PROFILE_PARTS, type Profile, profileOf, Stopwatch } from './stopwatch.js';
import { goOn, nameOf, newRun, resultOf } from './tiny-run.test.support.js';

const sumOf = (profile: Profile): number => PROFILE_PARTS.reduce((sum, part) => sum + profile[part], 0);
const linesOf = <K extends MetricsEvent['kind']>(events: readonly MetricsEvent[], kind: K) =>
  events.filter((event): event is Extract<MetricsEvent, { kind: K }> => event.kind === kind);

describe('a stopwatch', () => {
  it('gives each part its time, and the parts add up to all of it', (t) => {
    let now = 5000;
    t.mock.method(performance, 'now', () => now);
    const random = new Random(3);
    const stopwatch = new Stopwatch();
    let part: keyof Profile = 'other';
    for (let round = 0; round < 20; round++) {
      const expected = Object.fromEntries(PROFILE_PARTS.map((name) => [name, 0])) as Profile;
      const began = now;
      for (let i = 0; i < 30; i++) {
        const elapsed = 1 + random.below(900); // milliseconds
        now += elapsed;
        expected[part] += elapsed / 1000;
        const next = PROFILE_PARTS[random.below(PROFILE_PARTS.length)]!;
        assert.equal(stopwatch.to(next), part, 'the part before');
        part = next;
      }
      const taken = stopwatch.take();
      assert.ok(Math.abs(sumOf(taken) - (now - began) / 1000) < 1e-9);
      for (const name of PROFILE_PARTS) assert.ok(Math.abs(taken[name] - expected[name]) < 1e-9, name);
    }
  });
});

describe('a run with --profile', () => {
  for (const options of [
    { sampler: 'la-ssl' },
    { sampler: 'la-ssl', scoring: 'in-step', accumulate: 2 },
  ] as const) {
    it(`${nameOf(options)}: has the same numbers as one without, and every part took its time`, async (t) => {
      const [plain, profiled] = [await newRun(t, options), await newRun(t, options)];
      await goOn(plain);
      const began = performance.now();
      await goOn(profiled, undefined, true);
      const wall = (performance.now() - began) / 1000;
      assert.deepEqual(resultOf(profiled.folder), resultOf(plain.folder));
      assert.deepEqual(profiled.folder.readConfig(), plain.folder.readConfig());
      assert.equal(profileOf(plain.folder.readMetrics()), null);
      const metrics = profiled.folder.readMetrics();
      const profile = profileOf(metrics)!;
      for (const part of PROFILE_PARTS) assert.ok(profile[part] > 0, `${part} ${profile[part]}`);
      assert.ok(sumOf(profile) < wall, 'nothing is counted twice');
      assert.deepEqual(
        linesOf(metrics, 'profile').map(({ epoch, step }) => [epoch, step]),
        [
          [1, 4],
          [2, 8],
          [3, 12],
          [3, 12], // the last checkpoint and the encoder
        ],
      );
      checkAgainstOtherLines(metrics);
    });
  }

  /** What other lines say was timed apart, by their own clocks, inside or around the parts. */
  function checkAgainstOtherLines(metrics: readonly MetricsEvent[]): void {
    const profiles = linesOf(metrics, 'profile');
    for (const epoch of linesOf(metrics, 'epoch')) {
      const { seconds } = profiles.find((line) => line.epoch === epoch.epoch + 1)!;
      const steps = (['loading', 'augmentation', 'forward', 'backward', 'optimizer'] as const).reduce(
        (sum, part) => sum + seconds[part],
        0,
      );
      assert.ok(steps <= epoch.seconds, `${steps} of ${epoch.seconds}`);
      assert.ok(seconds.scoring >= epoch.scoringSeconds);
      assert.ok(sumOf(seconds) >= epoch.seconds + epoch.scoringSeconds);
      assert.ok(Math.abs(epoch.examplesPerSecond * epoch.seconds - 48) < 1e-9, 'images, not views');
    }
    const online = linesOf(metrics, 'online').reduce((sum, { seconds }) => sum + seconds, 0);
    assert.ok(profileOf(metrics)!.evaluation >= online);
  }

  it('adds up over stops, and goes on with or without it to the same numbers', async (t) => {
    const whole = await newRun(t, { sampler: 'la-ssl' });
    await goOn(whole);
    const run = await newRun(t, { sampler: 'la-ssl' });
    const random = new Random(11);
    let stops = 0;
    let known: MetricsEvent[] = [];
    for (let outcome = 'interrupted'; outcome === 'interrupted'; stops++) {
      let left = 3 + random.below(8); // events
      const profiled = stops !== 1;
      outcome = await goOn(run, () => --left === 0, profiled);
      const lines = linesOf(run.folder.readMetrics(), 'profile');
      const kept = known.slice(0, -1); // the last is of what came after the last checkpoint
      assert.deepEqual(lines.slice(0, kept.length), kept);
      if (profiled) assert.ok(lines.length > kept.length);
      known = lines;
    }
    assert.ok(stops > 3, `${stops}`);
    assert.deepEqual(resultOf(run.folder), resultOf(whole.folder));
    const { epoch, step } = known.at(-1) as ProfileEvent;
    assert.deepEqual([epoch, step], [3, 12]);
  });
});

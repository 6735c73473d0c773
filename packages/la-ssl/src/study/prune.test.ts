import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { comparisonsOf, leastEpochs, type Verdict, verdictsOf } from './prune.js';
import { type Prune, pruneSchema } from './search-schema.js';

const rule = (given: object): Prune =>
  pruneSchema.parse({ metric: 'epoch.loss', goal: 'max', after: 1, ...given });
const EPOCHS = 10;

/** @param figures - by trial, the first after one epoch */
const judged = (given: object, figures: readonly (readonly (number | null | undefined)[])[]): Verdict[] =>
  verdictsOf(
    rule(given),
    figures.map((own) => (epochs) => own[epochs - 1]),
    EPOCHS,
  );
/** `2` where it is pruned after two epochs, else the kind. */
const short = (verdicts: readonly Verdict[]): (number | string)[] =>
  verdicts.map((verdict) => (verdict.kind === 'pruned' ? verdict.after : verdict.kind));
const constant = (...values: (number | null | undefined)[]) =>
  values.map((value) => Array(EPOCHS).fill(value));

describe('comparisons', () => {
  it('come at even distances, or ever farther apart, and not after the end', () => {
    const median = { rule: 'median', after: 2 };
    assert.deepEqual(comparisonsOf(rule(median), 7), [2, 4, 6]);
    assert.deepEqual(comparisonsOf(rule({ ...median, every: 3 }), 8), [2, 5]);
    assert.deepEqual(comparisonsOf(rule({ rule: 'halving', after: 2 }), 55), [2, 6, 18, 54]);
    assert.deepEqual(comparisonsOf(rule({ rule: 'halving', after: 2 }), 54), [2, 6, 18]);
    assert.deepEqual(comparisonsOf(rule(median), 2), []);
  });
});

describe('pruning by the median', () => {
  const median = { rule: 'median', keep: 2, every: 20 };

  it('stops what is worse than the median of those before it', () => {
    // medians before the third and following: 3.5, 4, 3.5, 3, 3.5
    assert.deepEqual(short(judged(median, constant(3, 4, 5, 2, 3, 3.5, 3.5))), [
      ...['kept', 'kept', 'kept', 1],
      ...[1, 'kept', 'kept'],
    ]);
    assert.deepEqual(short(judged({ ...median, goal: 'min' }, constant(3, 4, 5, 2))), [
      'kept',
      'kept',
      1,
      'kept',
    ]);
    const [verdict] = judged(median, constant(3, 4, 2)).slice(2);
    assert.deepEqual(verdict, { kind: 'pruned', after: 1, value: 2 });
  });

  it('keeps so many, and of equals all', () => {
    assert.deepEqual(short(judged(median, constant(9, 8, 1))), ['kept', 'kept', 1]);
    assert.deepEqual(short(judged({ ...median, keep: 3 }, constant(9, 8, 1, 1))), [
      'kept',
      'kept',
      'kept',
      1,
    ]);
    assert.deepEqual(short(judged(median, constant(5, 5, 5, 5))), Array(4).fill('kept'));
  });

  it('compares after more epochs with those only that came as far', () => {
    const figures = [
      [5, 5, 5],
      [6, 6, 6],
      [1, 9, 9], // stopped after one: what it would have been after two has no part
      [6, 5.5, 5], // after two the median of 5 and 6 is 5.5, with 9 it were 6
    ];
    assert.deepEqual(
      short(
        judged(
          { ...median, every: 1 },
          figures.map((own) => [...own, ...own, ...own, 9]),
        ),
      ),
      [...['kept', 'kept', 1, 3]],
    );
  });

  it('does not compare what has no figure, nor with it', () => {
    assert.deepEqual(short(judged(median, constant(3, null, 1, 1, null))), [
      ...['kept', 'kept', 'kept', 1], // only one other has a figure, then two
      'kept',
    ]);
  });

  it('stops nothing before those before it are as far', () => {
    assert.deepEqual(short(judged(median, constant(3, undefined, 1))), ['kept', 'on', 'on']);
    assert.deepEqual(short(judged(median, constant(3, 4, undefined, 1))), ['kept', 'kept', 'on', 'on']);
  });
});

describe('successive halving', () => {
  const halving = { rule: 'halving', factor: 2, after: 2 }; // after 2, 4, 8

  it('keeps one of so many at each comparison, of equals the first', () => {
    assert.deepEqual(short(judged(halving, constant(1, 8, 3, 6, 5, 4, 7, 2))), [2, 'kept', 2, 4, 4, 2, 8, 2]);
    assert.deepEqual(short(judged({ ...halving, goal: 'min' }, constant(4, 3, 2, 1))), [2, 2, 4, 'kept']);
    assert.deepEqual(short(judged(halving, constant(1, 1, 1, 1))), ['kept', 4, 2, 2]);
    assert.deepEqual(short(judged({ ...halving, keep: 3 }, constant(4, 3, 2, 1))), [
      'kept',
      'kept',
      'kept',
      2,
    ]);
    assert.deepEqual(short(judged({ ...halving, factor: 3 }, constant(1, 2, 3, 4))), [2, 2, 2, 'kept']);
  });

  it('holds those that are as far until all are', () => {
    const verdicts = judged(halving, constant(1, undefined, 3));
    assert.deepEqual(verdicts, [{ kind: 'waits', after: 2 }, { kind: 'on' }, { kind: 'waits', after: 2 }]);
  });

  it('lets go on what has no figure, and counts it nowhere', () => {
    assert.deepEqual(short(judged(halving, constant(null, 2, 1))), ['kept', 'kept', 2]);
  });
});

describe('either rule', () => {
  /** Some figures, few enough for ties; some trials end early, without more. */
  function fuzzed(random: Random): (number | null)[][] {
    return Array.from({ length: 1 + random.below(9) }, () => {
      const end = random.below(4) === 0 ? random.below(EPOCHS) : EPOCHS;
      return Array.from({ length: EPOCHS }, (_, e) => (e < end ? random.below(5) : null));
    });
  }

  const rules = (random: Random): object => ({
    ...(random.below(2) ? { rule: 'median', every: 1 + random.below(3) } : { rule: 'halving', factor: 2 }),
    goal: random.below(2) ? 'max' : 'min',
    after: 1 + random.below(3),
    keep: 1 + random.below(3),
  });

  it('comes to the same in whatever order runs get on, takes nothing back, and never stands still', () => {
    const random = new Random(5);
    for (let round = 0; round < 120; round++) {
      const [given, figures] = [rules(random), fuzzed(random)];
      const final = judged(given, figures);
      assert.ok(final.every(({ kind }) => kind === 'kept' || kind === 'pruned'));
      const seen = figures.map(() => 0);
      for (;;) {
        const verdicts = judged(
          given,
          figures.map((own, i) => own.map((value, e) => (e < seen[i]! ? value : undefined))),
        );
        for (const [i, verdict] of verdicts.entries())
          if (verdict.kind === 'kept' || verdict.kind === 'pruned') assert.deepEqual(verdict, final[i]);
        const open = verdicts.flatMap(({ kind }, i) => (kind === 'on' && seen[i]! < EPOCHS ? [i] : []));
        if (open.length === 0) break;
        const next = open[random.below(open.length)]!;
        seen[next] = Math.min(EPOCHS, seen[next]! + 1 + random.below(3)); // now and then beyond a comparison
      }
      const last = judged(
        given,
        figures.map((own, i) => own.map((value, e) => (e < seen[i]! ? value : undefined))),
      );
      assert.deepEqual(last, final, 'all that may train has trained, and all is decided');
    }
  });

  it('keeps as many as it says, where all have figures', () => {
    const random = new Random(6);
    for (let round = 0; round < 200; round++) {
      const given = rules(random) as { keep: number };
      const figures = fuzzed(random).map((own) => own.map((value) => value ?? 0));
      const kept = judged(given, figures).filter(({ kind }) => kind === 'kept').length;
      assert.ok(kept >= Math.min(given.keep, figures.length), `${kept}`);
    }
  });

  it('says how little may be left', () => {
    assert.deepEqual(leastEpochs(rule({ rule: 'median', keep: 2 }), 4, 5), [5, 5, 1, 1]);
    assert.deepEqual(leastEpochs(rule({ rule: 'halving', factor: 2 }), 4, 5), [5, 2, 1, 1]);
    assert.deepEqual(leastEpochs(rule({ rule: 'halving', factor: 2, goal: 'min' }), 4, 5), [5, 2, 1, 1]);
  });
});

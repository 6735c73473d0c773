/**
 * @file Accuracy by group: overall, of the aligned, of the conflicting, of each group, of the worst.
 *
 * The worst group is the one with the lowest accuracy among those that have members; a group without members has no
 * accuracy, and is left out rather than reported as 0.
 */

/** The groups of a test set; what `groupsOf(dataset)` of la-ssl/data returns fits. */
export interface EvaluationGroups {
  /** By group number. */
  readonly groups: readonly { readonly name: string }[];
  /** The group number of each example; −1 where it is not known: such an example counts overall only. */
  readonly groupOf: ArrayLike<number>;
  /** Per example: 1 aligned, 0 conflicting, −1 not known. */
  readonly aligned?: ArrayLike<number>;
}

/** So many right answers out of so many. */
export interface Tally {
  right: number;
  count: number;
}

/** Right answers in every part of a test set. A part without members has count 0. */
export interface Tallies {
  overall: Tally;
  aligned: Tally;
  conflicting: Tally;
  /** By group number. */
  groups: Tally[];
}

/** The examples of one group and alignment, as numbers. */
export interface Stratum {
  readonly group: number;
  readonly aligned: number;
  /** How many examples had each outcome; bit m of the outcome's number says whether prediction m was right. */
  readonly outcomes: readonly number[];
}

/** Strata, and where each example is: the number of its stratum and of its outcome there, `[N]`. */
export interface PlacedExamples {
  readonly strata: Stratum[];
  readonly stratumOf: Int32Array;
  readonly outcomeOf: Int32Array;
}

/**
 * Sorts a test set into strata: all that accuracies, and comparisons of predictions, depend on.
 *
 * @param predictions - one or more vectors of predicted labels, `[N]` each
 * @param labels - the true labels, `[N]`
 * @param groups - the groups of the same N examples; without them there is one stratum
 * @throws RangeError where the lengths differ, the set is empty, or a label or group number does not exist
 */
export function stratify(
  predictions: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  groups?: EvaluationGroups,
): Stratum[] {
  return placeExamples(predictions, labels, groups).strata;
}

/** As `stratify`, with the place of each example. */
export function placeExamples(
  predictions: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  groups?: EvaluationGroups,
): PlacedExamples {
  const count = labels.length;
  if (count === 0) throw new RangeError('An accuracy needs at least one example, got none.');
  const vectors = { groupOf: groups?.groupOf, aligned: groups?.aligned };
  for (const [name, vector] of [
    ...predictions.map((vector, m) => [`predictions[${m}]`, vector] as const),
    ...Object.entries(vectors),
  ]) {
    if (vector && vector.length !== count) {
      throw new RangeError(`${name} has ${vector.length} entries for ${count} labels; give one each.`);
    }
  }

  const strata = new Map<string, { index: number; group: number; aligned: number; outcomes: number[] }>();
  const [stratumOf, outcomeOf] = [new Int32Array(count), new Int32Array(count)];
  for (let i = 0; i < count; i++) {
    const label = labels[i]!;
    const group = groups?.groupOf[i] ?? -1;
    const aligned = groups?.aligned?.[i] ?? -1;
    if (!(label >= 0)) throw new RangeError(`Example ${i} has label ${label}; leave out what has no label.`);
    if (group !== -1 && !groups?.groups[group]) {
      throw new RangeError(`Example ${i} is in group ${group}, which is not among the groups.`);
    }
    const key = `${group} ${aligned}`;
    let stratum = strata.get(key);
    if (!stratum) {
      const outcomes = new Array<number>(2 ** predictions.length).fill(0);
      stratum = { index: strata.size, group, aligned, outcomes };
      strata.set(key, stratum);
    }
    let outcome = 0;
    for (const [m, predicted] of predictions.entries()) if (predicted[i] === label) outcome += 2 ** m;
    stratum.outcomes[outcome]!++;
    stratumOf[i] = stratum.index;
    outcomeOf[i] = outcome;
  }
  return { strata: [...strata.values()].map(({ index: _, ...own }) => own), stratumOf, outcomeOf };
}

/**
 * Counts the right answers of one of the predictions.
 *
 * @param strata - see stratify
 * @param groupCount - the number of groups there are, empty ones too
 * @param prediction - which of the predictions
 */
export function tally(strata: readonly Stratum[], groupCount: number, prediction = 0): Tallies {
  const empty = (): Tally => ({ right: 0, count: 0 });
  const tallies: Tallies = {
    overall: empty(),
    aligned: empty(),
    conflicting: empty(),
    groups: Array.from({ length: groupCount }, empty),
  };
  for (const { group, aligned, outcomes } of strata) {
    const parts = [tallies.overall];
    if (group >= 0) parts.push(tallies.groups[group]!);
    if (aligned === 1) parts.push(tallies.aligned);
    if (aligned === 0) parts.push(tallies.conflicting);
    for (const [outcome, count] of outcomes.entries()) {
      const isRight = Math.floor(outcome / 2 ** prediction) % 2 === 1;
      for (const part of parts) {
        part.count += count;
        if (isRight) part.right += count;
      }
    }
  }
  return tallies;
}

/** @returns the share of right answers; null of none */
export function accuracyOf({ right, count }: Tally): number | null {
  return count === 0 ? null : right / count;
}

/** @returns the number of the group with the lowest accuracy, the first of equals; null where none has members */
export function worstGroupOf(groups: readonly Tally[]): number | null {
  let worst: number | null = null;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [group, part] of groups.entries()) {
    const accuracy = accuracyOf(part);
    if (accuracy === null || accuracy >= lowest) continue;
    worst = group;
    lowest = accuracy;
  }
  return worst;
}

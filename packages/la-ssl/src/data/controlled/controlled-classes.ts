/** @file How many examples of each class and each value of an attribute a controlled setting takes. */

import { type Attribute, UNKNOWN } from '../dataset.js';
import { apportion, spreadCodes } from './alignment.js';
import type { Described, SharedAttribute } from './controlled.js';
import type { Control } from './controlled-spec.js';

/** The examples of a class that a setting may take. */
export interface ClassPlan {
  name: string;
  label: number;
  members: number[];
}

/** Examples that are alike, and how many of them are taken. */
export interface Cell {
  members: readonly number[];
  count: number;
}

/** What can be taken of a class: `cellsFor(n)` are n of its examples, or undefined where that many cannot be had. */
interface Source extends ClassPlan {
  cellsFor: (count: number) => Cell[] | undefined;
  /** No more than so many can be had. */
  bound: number;
  /** The greatest number that can be had. */
  most: number;
}

/**
 * What is taken of each class, as `controlledIndices` says.
 * @throws where it cannot be had
 */
export function classesOf(
  data: Described,
  classes: readonly ClassPlan[],
  shared: readonly SharedAttribute[],
  control: Control,
): { cells: Cell[] }[] {
  const sources = classes.map((plan): Source => {
    if (plan.members.length === 0 && control.imbalance !== undefined) {
      throw new Error(
        `${data.name} (${data.split}) has no example of label=${plan.name}; imbalance needs all classes`,
      );
    }
    const source = shared.length > 0 ? cellsByShare(data, plan, shared) : cellsAsTheyStand(data, plan);
    const most = mostOf(source);
    if (most === 0 && plan.members.length > 0) {
      throw new Error(
        `${data.name} (${data.split}): label=${plan.name} has too few examples, ${plan.members.length}, for the shares asked for`,
      );
    }
    return { ...plan, ...source, most };
  });
  for (;;) {
    const sizes = sizesOf(data, sources, control);
    const taken = sources.map(({ cellsFor }, y) => cellsFor(sizes[y]!));
    // Whole numbers do not always fit where a greater number does: then a little less is taken.
    const tight = taken.indexOf(undefined);
    if (tight < 0) return taken.map((cells) => ({ cells: cells! }));
    sources[tight]!.most = sizes[tight]! - 1;
  }
}

/** The greatest number that can be had, to one in two thousand. */
function mostOf({ cellsFor, bound }: Pick<Source, 'cellsFor' | 'bound'>): number {
  const step = Math.max(1, Math.floor(bound / 2000));
  let count = bound;
  while (count > 0 && !cellsFor(count)) count = Math.max(0, count - step);
  return count;
}

/** The sizes of the classes. */
function sizesOf(data: Described, sources: readonly Source[], control: Control): number[] {
  const weights = sources.map(({ members }, y) =>
    control.imbalance === undefined ? members.length : weightOf(y, sources.length, control),
  );
  const scale = Math.min(...sources.map(({ most }, y) => (weights[y]! > 0 ? most / weights[y]! : Infinity)));
  // A number that is whole but for the rounding of floats is not to lose one.
  const greatest = weights.map((weight) => Math.floor(scale * weight + 1e-9));
  const { examples } = control;
  if (examples === undefined) return greatest;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const sizes = apportion(
    examples,
    weights.map((weight) => weight / sum),
  );
  const short = sources.find(({ most }, y) => sizes[y]! > most);
  if (!short) return sizes;
  const can = greatest.reduce((total, size) => total + size, 0);
  throw new Error(
    `${data.name} (${data.split}): examples is ${examples}, of which ${sizes[short.label]} of label=${short.name}, but only ${short.most} ` +
      `of it can be had; ask for ${can} or fewer, or for another share or imbalance`,
  );
}

function weightOf(y: number, classes: number, { imbalance = 1, imbalanceKind }: Control): number {
  if (classes === 1) return 1;
  if (imbalanceKind === 'step') return y < Math.floor(classes / 2) ? 1 : 1 / imbalance;
  return imbalance ** (-y / (classes - 1));
}

/** Every combination of attributes keeps its share of the class. */
function cellsAsTheyStand(
  { attributes }: Described,
  { members }: ClassPlan,
): Pick<Source, 'cellsFor' | 'bound'> {
  const groups = [...groupBy(members, attributes).values()];
  const shares = groups.map((group) => group.length / members.length);
  const cellsFor = (count: number): Cell[] => {
    const counts = apportion(count, shares);
    return groups.map((group, g) => ({ members: group, count: counts[g]! }));
  };
  return { bound: members.length, cellsFor };
}

/** A combination of whole examples that are to be independent differs by no more from its share, in all but odd cases. */
const ROUNDING = 2.5;

/**
 * Every attribute has its share, and they are independent.
 * @throws where a combination that the shares ask for has no example
 */
function cellsByShare(
  data: Described,
  plan: ClassPlan,
  shared: readonly SharedAttribute[],
): Pick<Source, 'cellsFor' | 'bound'> {
  const { members } = plan;
  const attributes = shared.map(({ attribute }) => attribute);
  const groups = groupBy(members, attributes);
  const shares = shared.map((it) => sharesOfValues(plan, it));
  let combinations = [{ key: 0, share: 1, names: [] as string[] }];
  for (const [a, { name, values }] of attributes.entries()) {
    combinations = combinations.flatMap(({ key, share, names }) =>
      values.map((value, code) => ({
        key: key * values.length + code,
        share: share * shares[a]![code]!,
        names: [...names, `${name}=${value}`],
      })),
    );
  }
  const wanted = combinations.filter(({ share }) => share > 0);
  const lacking = wanted.find(({ key, share }) => !groups.has(key) && share * members.length >= 0.5);
  if (lacking && members.length > 0) {
    throw new Error(
      `${data.name} (${data.split}): no example of label=${plan.name} has ${lacking.names.join(', ')}, which an alignedShare of ` +
        `${shared.map(({ attribute, share }) => `${attribute.name}=${share}`).join(', ')} asks for; take a share without it`,
    );
  }
  const bounds = wanted.map(({ key, share }) =>
    Math.floor(((groups.get(key)?.length ?? 0) + ROUNDING) / share),
  );
  const cellsFor = (count: number): Cell[] | undefined => {
    const slots = spreadCodes(
      shares.map((ofValues, a) => alignedFirst(count, ofValues, shared[a]!.pairing[plan.label]!)),
    );
    const counts = new Map<number, number>();
    for (let k = 0; k < count; k++) {
      const key = slots.reduce((sum, codes, a) => sum * attributes[a]!.values.length + codes[k]!, 0);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const cells = [...counts].map(([key, count]) => ({ members: groups.get(key) ?? [], count }));
    return cells.every((cell) => cell.count <= cell.members.length) ? cells : undefined;
  };
  return { bound: Math.min(members.length, ...bounds), cellsFor };
}

/** Whole counts in these shares, of which that of the aligned value is rounded by itself, and the others after it. */
function alignedFirst(count: number, shares: readonly number[], aligned: number): number[] {
  const others = shares.filter((_, code) => code !== aligned);
  const [own, ...rest] = apportion(count, [shares[aligned]!, ...others]);
  return rest.toSpliced(aligned, 0, own!);
}

/** The share of each value in a class: that of the aligned one as asked for, of the others as they stand. */
function sharesOfValues(
  { label, members }: ClassPlan,
  { attribute, pairing, share }: SharedAttribute,
): number[] {
  const counts = attribute.values.map(() => 0);
  for (const i of members) counts[attribute.codes[i]!]!++;
  const aligned = pairing[label]!;
  const others = members.length - counts[aligned]!;
  return counts.map((count, code) => {
    if (code === aligned) return share;
    return others === 0 ? (1 - share) / (counts.length - 1) : ((1 - share) * count) / others;
  });
}

/** The members by their codes, as one number, in its order. */
function groupBy(members: readonly number[], attributes: readonly Attribute[]): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const i of members) {
    // All with an unknown code are a group, the last.
    const key = attributes.reduce((sum, { values, codes }) => {
      const code = codes[i]!;
      return code === UNKNOWN ? Number.NaN : sum * values.length + code;
    }, 0);
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  }
  return new Map([...groups].sort(([a], [b]) => (Number.isNaN(a) ? 1 : a - b)));
}

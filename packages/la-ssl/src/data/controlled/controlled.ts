/**
 * @file Controlled settings, made from any labelled data set by leaving examples out: a spurious correlation of a given share between
 * attributes and the label, classes of unequal size, training and test examples with other attributes.
 *
 * Only labels and codes are looked at, so that images need not be decoded for it.
 */
import { Random, some } from '../../random.js';
import { type Attribute, firstOfEachClass, type ImageDataset, subsetOf, UNKNOWN } from '../dataset.js';
import { sharesOf } from '../spec.js';
import { type ClassPlan, classesOf } from './controlled-classes.js';
import type { Control } from './controlled-spec.js';

/** What of a data set says which examples a setting takes. */
export type Described = Pick<ImageDataset, 'name' | 'split' | 'classNames' | 'labels' | 'attributes' | 'ids'>;

/**
 * The examples of a controlled setting, chosen at random among those that are alike.
 *
 * 1. Those that have the values of `where`, which may name the label, too: the classes keep their numbers.
 * 2. Of each class, the share `alignedShare` that has the value that goes with it (`pairing`), of every attribute asked for; the rest as it
 *    stands in the class. Several attributes are independent given the label (`spreadCodes`).
 * 3. Classes of the relative sizes that they have, or with `imbalance` ρ of n_y = n_max · ρ^(−y / (K − 1)) (exponential), or of n_max for
 *    the first half and n_max / ρ for the others (step), rounded down; as many as can be had, or `examples` in all.
 *    Source: Cao et al. 2019, https://arxiv.org/abs/1906.07413, `imbalance_cifar.py`.
 *
 * @returns indices in rising order
 * @throws where an attribute or value is not there, or what is asked for cannot be had from the examples there are; it says what can
 */
export function controlledIndices(data: Described, control: Control): Int32Array {
  const kept = having(data, control.where);
  const { labels, classNames } = data;
  if (control.alignedShare === undefined && control.imbalance === undefined) {
    return control.examples === undefined ? kept : firstOf(data, kept, control.examples);
  }
  if (!labels) throw new Error(`${data.name} has no labels; alignedShare and imbalance need them`);
  const shared = sharedAttributes(data, control);
  const classes = classNames.map((name, label): ClassPlan => {
    const members = kept.filter(
      (i) => labels[i] === label && shared.every(({ attribute }) => attribute.codes[i] !== UNKNOWN),
    );
    return { name, label, members: [...members] };
  });
  const random = new Random(control.seed, STREAM);
  const chosen = classesOf(data, classes, shared, control).flatMap(({ cells }) =>
    cells.flatMap(({ members, count }) => some([...members], count, random)),
  );
  return Int32Array.from(chosen).sort();
}

/** Second word of the random key. */
const STREAM = 0x636f;

/** An attribute whose share is set. */
export interface SharedAttribute {
  attribute: Attribute;
  /** Which code goes with each label. */
  pairing: Int32Array;
  share: number;
}

/**
 * Which code goes with each label: `alignedWith` of the attribute; where that says nothing, value y mod A with label y.
 * @param classes - K
 */
export function pairing({ alignedWith, values }: Attribute, classes: number): Int32Array {
  return Int32Array.from({ length: classes }, (_, label) => {
    const code = alignedWith?.[label] ?? UNKNOWN;
    return code === UNKNOWN ? label % values.length : code;
  });
}

function sharedAttributes(data: Described, { alignedShare }: Control): SharedAttribute[] {
  if (alignedShare === undefined) return [];
  const names = data.attributes.map(({ name }) => name);
  if (names.length === 0) throw new Error(`${data.name} has no attributes, so none can go with the label`);
  return sharesOf(alignedShare, names, Number.NaN).flatMap((share, a) => {
    const attribute = data.attributes[a]!;
    return Number.isNaN(share)
      ? []
      : [{ attribute, share, pairing: pairing(attribute, data.classNames.length) }];
  });
}

/** The attributes as the setting has them: those with a share say what goes with each label. */
export function controlledAttributes(data: Described, control: Control): readonly Attribute[] {
  const shared = new Map(sharedAttributes(data, control).map((it) => [it.attribute.name, it.pairing]));
  return data.attributes.map((attribute) => {
    const alignedWith = shared.get(attribute.name);
    return alignedWith ? { ...attribute, alignedWith } : attribute;
  });
}

/** The data set in a controlled setting. @throws as `controlledIndices` */
export function controlled(dataset: ImageDataset, control: Control): ImageDataset {
  const subset = subsetOf(dataset, controlledIndices(dataset, control));
  return { ...subset, attributes: controlledAttributes(subset, control) };
}

function having(data: Described, where: Control['where'] = {}): Int32Array {
  const conditions = Object.entries(where).map(([name, values]) => {
    const attribute = whatOf(data, name);
    if (!attribute) {
      const others = data.attributes.map((it) => it.name).join(', ') || 'none';
      throw new Error(`${data.name} has no attribute ${name}; its attributes: ${others}`);
    }
    const codes = values.map((value) => {
      const code = attribute.values.indexOf(value);
      if (code >= 0) return code;
      throw new Error(`${data.name} has no ${name}=${value}; its values: ${attribute.values.join(', ')}`);
    });
    return { of: attribute.codes, codes };
  });
  const all = Int32Array.from(data.ids, (_, i) => i);
  const kept = all.filter((i) => conditions.every(({ of, codes }) => codes.includes(of[i]!)));
  if (kept.length > 0) return kept;
  const asked = Object.entries(where).map(([name, values]) => `${name}=${values.join(' or ')}`);
  throw new Error(`${data.name} (${data.split}) has no example with ${asked.join(' and ')}`);
}

/** The attribute of this name; where none has it, `label` is the label. */
function whatOf({ attributes, labels, classNames }: Described, name: string): Attribute | undefined {
  const attribute = attributes.find((it) => it.name === name);
  if (attribute || name !== 'label' || !labels) return attribute;
  return { name, values: classNames, codes: labels };
}

function firstOf({ labels, classNames, name }: Described, kept: Int32Array, examples: number): Int32Array {
  if (labels) {
    const first = firstOfEachClass(
      kept.map((i) => labels[i]!),
      classNames.length,
      examples,
    );
    return first.map((k) => kept[k]!);
  }
  if (examples <= kept.length) return kept.subarray(0, examples);
  throw new Error(`examples is ${examples}, but ${name} has ${kept.length} of the kind; ask for fewer`);
}

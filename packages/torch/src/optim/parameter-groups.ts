/**
 * @file Parameter groups: which parameters follow the optimizer's rate and weight decay, and which have their own.
 *
 * Where PyTorch writes the schedule into each group, here a group says how it differs: `optimizer.lr` and
 * `optimizer.weightDecay` are set anew before a step, and reach every group that does not say otherwise.
 */
import type { Tensor } from '../tensor.js';

/** Parameters by name, as `module.namedParameters()` gives them. */
export type NamedParameters = ReadonlyMap<string, Tensor>;

export interface ParameterGroup {
  parameters: NamedParameters;
  /** A constant rate ≥ 0 of its own, whatever `optimizer.lr` is. */
  lr?: number;
  /** The rate is `lrScale · optimizer.lr` (1); not together with `lr`. */
  lrScale?: number;
  /** A constant weight decay ≥ 0 of its own, whatever `optimizer.weightDecay` is. */
  weightDecay?: number;
  /** Whether LARS adapts the rate to the norms (true); other optimizers never do. */
  adapt?: boolean;
}

/** What an optimizer takes: all in one group, or groups. */
export type Parameters = NamedParameters | readonly ParameterGroup[];

/**
 * Parts the parameters of up to one dimension (biases, scales and shifts of norms) from the others: without weight
 * decay, and not adapted by LARS. All else that a group says holds for both of its parts.
 * @param vectors - what else shall differ for them, such as `{ lrScale }`
 * Source: BarlowTwins' `exclude_bias_and_norm`, https://github.com/facebookresearch/barlowtwins/blob/main/main.py
 */
export function exemptBiasAndNorm(
  parameters: Parameters,
  vectors: Omit<ParameterGroup, 'parameters'> = {},
): ParameterGroup[] {
  return groupsOf(parameters)
    .flatMap((group): ParameterGroup[] => {
      const part = (ofVectors: boolean): NamedParameters =>
        new Map([...group.parameters].filter(([, { shape }]) => shape.length <= 1 === ofVectors));
      return [
        { ...group, parameters: part(false) },
        { ...group, weightDecay: 0, adapt: false, ...vectors, parameters: part(true) },
      ];
    })
    .filter((group) => group.parameters.size > 0);
}

/** @internal */
export function groupsOf(parameters: Parameters): readonly ParameterGroup[] {
  return parameters instanceof Map ? [{ parameters }] : (parameters as readonly ParameterGroup[]);
}

/** Parameters that have a gradient, side by side for the foreach operators. */
export interface WithGradient {
  names: readonly string[];
  parameters: readonly Tensor[];
  gradients: readonly Tensor[];
}

/** @internal */
export function withGradient(parameters: NamedParameters): WithGradient {
  const active = [...parameters].flatMap(([name, parameter]) => {
    const gradient = parameter.grad;
    return gradient ? [{ name, parameter, gradient }] : [];
  });
  return {
    names: active.map(({ name }) => name),
    parameters: active.map(({ parameter }) => parameter),
    gradients: active.map(({ gradient }) => gradient),
  };
}

/** @internal @returns the parameters of all groups. @throws Error where there are none, one comes twice, or a group contradicts itself */
export function checkedParameters(groups: readonly ParameterGroup[]): NamedParameters {
  const all = new Map<string, Tensor>();
  const seen = new Set<Tensor>();
  for (const { parameters, lr, lrScale, weightDecay } of groups) {
    for (const [name, value] of Object.entries({ lr, lrScale, weightDecay })) {
      if (value !== undefined) checkNotNegative(`${name} of a group`, value);
    }
    if (lr !== undefined && lrScale !== undefined) {
      throw new Error(
        'A group has lr and lrScale: give lr for a constant rate, lrScale for one that follows.',
      );
    }
    for (const [name, parameter] of parameters) {
      if (all.has(name) || seen.has(parameter))
        throw new Error(`The parameter '${name}' is in the groups twice.`);
      all.set(name, parameter);
      seen.add(parameter);
    }
  }
  if (all.size === 0) throw new Error('The optimizer got no parameters.');
  return all;
}

/** @internal @throws RangeError on a negative number or NaN */
export function checkNotNegative(name: string, value: number): void {
  if (!(value >= 0)) throw new RangeError(`${name} must not be negative, got ${value}`);
}

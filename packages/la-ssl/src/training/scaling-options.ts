/** @file Which options of a scaling function a configuration may have, and their values where none are given. */
import { METHODS, type MethodName, type MethodSpec } from '../methods/index.js';
import { SCALINGS, type ScalingName, type ScalingShape } from '../sampling/index.js';
import { methods } from './options/fields.js';
import type { SAMPLERS } from './options/sampling.js';

/** What of a configuration this is about. */
export interface SamplingChoice {
  method: MethodName;
  sampler: (typeof SAMPLERS)[number];
  scaling?: ScalingName | undefined;
  gamma?: number | undefined;
  r?: number | undefined;
  power?: number | undefined;
  scalingTemperature?: number | undefined;
  slowestShare?: number | undefined;
  targetEss?: number | undefined;
  scoring?: 'full-pass' | 'in-step' | undefined;
  emaWeight?: number | undefined;
}

const SHAPES = Object.entries(SCALINGS) as [ScalingName, ScalingShape][];
const SHAPE_OPTIONS = ['gamma', 'r', 'power', 'scalingTemperature', 'slowestShare'] as const;

/** Whether a sampler turns speeds into probabilities by a scaling function. */
const scales = ({ sampler }: SamplingChoice): boolean => sampler.startsWith('la-ssl');

/**
 * What scales speeds may stand with samplers that go by something else, so that one file serves several samplers.
 * @returns each option that does not go with the others, and why
 */
export function samplingProblems(choice: SamplingChoice): { option: string; message: string }[] {
  const { sampler, method, scaling = 'linear', targetEss } = choice;
  const problems: { option: string; message: string }[] = [];
  const { knob, options }: ScalingShape = SCALINGS[scaling];
  for (const option of SHAPE_OPTIONS) {
    if (choice[option] === undefined || option in options) continue;
    const takers = SHAPES.filter(([, shape]) => option in shape.options).map(([name]) => name);
    const message = `the scaling ${scaling} has no such option; it belongs to ${takers.join(', ')}.`;
    problems.push({ option, message });
  }
  if (targetEss !== undefined && choice[knob] !== undefined) {
    const message = `it is chosen at every update to hold the target effective sample size; leave out one of the two.`;
    problems.push({ option: knob, message });
  }
  if (sampler !== 'high-loss') return problems;
  if (!(METHODS[method] as MethodSpec).tellsLossByExample) {
    const takers = methods.filter(([, spec]) => spec.tellsLossByExample).map(([name]) => name);
    const message = `high-loss needs the loss of each example, which ${method} does not tell; these do: ${takers.join(', ')}.`;
    problems.push({ option: 'sampler', message });
  }
  if (choice.scoring === 'full-pass') {
    const message = 'high-loss goes by the loss in the training step; leave it out.';
    problems.push({ option: 'scoring', message });
  }
  return problems;
}

/** The options of the scaling function, complete; the knob is left out where it is chosen. */
export function scalingDefaults(choice: SamplingChoice): Partial<SamplingChoice> {
  if (!scales(choice)) return {};
  const scaling = choice.scaling ?? 'linear';
  const { knob, options }: ScalingShape = SCALINGS[scaling];
  const chosen = choice.targetEss !== undefined;
  return { scaling, ...options, ...(chosen && { [knob]: undefined }) };
}

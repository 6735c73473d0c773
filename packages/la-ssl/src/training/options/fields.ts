/** @file What several headings of options are made of. */
import { z } from 'zod';
import { METHODS, type MethodName, type MethodSpec } from '../../methods/index.js';

export const whole = (least: number) => z.int().min(least);
export const positive = () => z.number().positive();
export const share = () => z.number().min(0).max(1);
export { seed } from '../../data/spec.js';

export const methods = Object.entries(METHODS) as [MethodName, MethodSpec][];

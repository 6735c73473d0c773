/** @file The cells of a study, without their seeds: the grid of its axes, or some that are drawn from it. */
import { Random } from '../random.js';
import { type Axis, type AxisRange, problem, type Study } from './study-file.js';

/** A combination of values of the axes. */
export interface PlainCell {
  name: string;
  /** Its value on each axis, as shown; none of a cell beside the grid. */
  values: Record<string, string>;
  /** What it has beside the options that all share. */
  overrides: Record<string, unknown>;
}

interface Value {
  label: string;
  overrides: Record<string, unknown>;
}

/** Tries a draw, before too few combinations are left to find a new one. */
const TRIES = 1000;

function isRange(axis: Axis): axis is AxisRange {
  return !Array.isArray(axis) && Array.isArray(axis.between);
}

/** The values of an axis that has a list of them; a plain value is one of the option that the axis is called after. */
export function valuesOf(study: Study, name: string): Value[] {
  const axis = study.axes[name]!;
  if (isRange(axis))
    throw problem(study, ['axes', name], 'a range can be drawn from only; give a search, or values');
  const entries = Array.isArray(axis)
    ? axis.map((value) => [typeof value === 'string' ? value : `${name}${value}`, value] as const)
    : Object.entries(axis);
  return entries.map(([label, value]) => ({
    label,
    overrides:
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { [name]: value },
  }));
}

export function gridCells(study: Study): PlainCell[] {
  const names = Object.keys(study.axes);
  if (names.length === 0) return [];
  let cells: PlainCell[] = [{ name: '', values: {}, overrides: {} }];
  for (const axis of names) {
    cells = cells.flatMap((cell) =>
      valuesOf(study, axis).map(({ label, overrides }) => ({
        name: cell.name ? `${cell.name}-${label}` : label,
        values: { ...cell.values, [axis]: label },
        overrides: { ...cell.overrides, ...overrides },
      })),
    );
  }
  return cells;
}

/** Random search: independent draws, none twice. Source: Bergstra & Bengio 2012, JMLR 13. */
export function drawnCells(study: Study, { draws, seed }: { draws: number; seed: number }): PlainCell[] {
  const found = new Map<string, PlainCell>();
  const random = new Random(seed, 0x73747564);
  for (let tries = 0; found.size < draws; tries++) {
    if (tries === TRIES * draws) {
      throw problem(
        study,
        ['search'],
        `the axes have only ${found.size} combinations; ask for no more draws`,
      );
    }
    const drawn = Object.entries(study.axes).map(
      ([name, axis]) => [name, drawValue(study, name, axis, random)] as const,
    );
    const values = Object.fromEntries(drawn.map(([name, { label }]) => [name, label]));
    const overrides = Object.assign({}, ...drawn.map(([, value]) => value.overrides)) as Record<
      string,
      unknown
    >;
    const key = JSON.stringify(values);
    const name = `draw-${String(found.size + 1).padStart(String(draws).length, '0')}`;
    if (!found.has(key)) found.set(key, { name, values, overrides });
  }
  return [...found.values()];
}

function drawValue(study: Study, name: string, axis: Axis, random: Random): Value {
  if (!isRange(axis)) {
    const values = valuesOf(study, name);
    return values[random.below(values.length)]!;
  }
  const [low, high] = axis.between;
  if (axis.scale === 'log' && low <= 0)
    throw problem(study, ['axes', name], 'a logarithmic range lies above 0');
  const drawn =
    axis.scale === 'log'
      ? Math.exp(random.uniform(Math.log(low), Math.log(high)))
      : random.uniform(low, high);
  const value = axis.whole ? Math.round(drawn) : Number(drawn.toPrecision(4)); // as it is shown
  return { label: String(value), overrides: { [name]: value } };
}

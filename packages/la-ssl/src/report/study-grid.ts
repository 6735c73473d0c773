/** @file The grid of a study's axes, as rows and columns of heat maps. */
import type { CellResult, StudyResult } from '../study/index.js';

export interface GridAxis {
  name: string;
  /** As they are shown, in the order of the study; two or more. */
  values: readonly string[];
}

export interface StudyGrid {
  rows: GridAxis;
  columns: GridAxis;
  /** One heat map for each of its values; null where two axes vary. */
  facet: GridAxis | null;
  /** The cell in this place; undefined where there is none. */
  at(row: string, column: string, facet: string | null): CellResult | undefined;
  /** Cells that belong to no place: those of `cells`. */
  beside: readonly CellResult[];
}

/** More columns than these become rows, where the other axis has fewer values. */
const COLUMNS = 8;

/**
 * The grid of a study in which two or three axes vary. Of three, the sampler or else the last is the facet.
 * @param keeps - which cells have a place; axes keep the values that some such cell has
 * @returns null where there is none, as of a random search, and where it is a sampler against two values: a table tells that
 */
export function studyGrid(
  { cells, axes }: Pick<StudyResult, 'cells' | 'axes'>,
  keeps: (cell: CellResult) => boolean = () => true,
): StudyGrid | null {
  const placed = cells.filter(({ values }) => axes.every((axis) => axis in values));
  const axesOf = (own: readonly CellResult[]): GridAxis[] =>
    axes.map((name) => ({ name, values: [...new Set(own.map(({ values }) => values[name]!))] }));
  const combinations = axesOf(placed).reduce((product, { values }) => product * values.length, 1);
  const kept = placed.filter(keeps);
  const varying = axesOf(kept).filter(({ values }) => values.length > 1);
  if (combinations !== placed.length || varying.length < 2 || varying.length > 3) return null;
  const facet = varying.length === 3 ? (varying.find(isSampler) ?? varying[2]!) : null;
  const [first, second] = varying.filter((axis) => axis !== facet) as [GridAxis, GridAxis];
  if ([first, second].some(isSampler) && [first, second].every(({ values }) => values.length === 2))
    return null;
  const turned = second.values.length > COLUMNS && first.values.length < second.values.length;
  const [rows, columns] = turned ? [second, first] : [first, second];
  return {
    rows,
    columns,
    facet,
    at: (row, column, of) =>
      kept.find(
        ({ values }) =>
          values[rows.name] === row &&
          values[columns.name] === column &&
          (!facet || values[facet.name] === of),
      ),
    beside: cells.filter((cell) => !placed.includes(cell) && keeps(cell)),
  };
}

function isSampler({ name }: GridAxis): boolean {
  return name === 'sampler';
}

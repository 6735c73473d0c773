/** @file Columns of text as codes: labels and attributes of a table. */
import { UNKNOWN } from '../dataset.js';
import type { CodedColumn } from './table-rows.js';

/** An attribute has no more values: each makes groups of its own. */
const MOST_VALUES = 50;

/**
 * The values of a column in order, numbers by size, and a code for each row; missing ones are `UNKNOWN`.
 *
 * Whole numbers that were written as decimals (`1.0`, as pandas does beside missing ones) are whole again.
 * @param file - the table, for the error
 * @throws where it has no values, or so many that it is no label or attribute
 */
export function codedColumn(
  name: string,
  column: readonly (string | null)[],
  kind: 'label' | 'attribute',
  file: string,
): CodedColumn {
  const distinct = [...new Set(column)].filter((value) => value !== null);
  if (distinct.length === 0) throw new Error(`${file}: column ${name} has no value; leave it out`);
  const known = column.length - column.filter((value) => value === null).length;
  const isSpread = distinct.length > 100 && distinct.length > known / 2;
  if (kind === 'attribute' ? distinct.length > MOST_VALUES : isSpread) {
    const advice = 'put bands of it, such as young and old, into a column of their own';
    throw new Error(
      `${file}: column ${name} has ${distinct.length} values, too many for ${kind === 'label' ? 'a label' : 'an attribute'}; ${advice}`,
    );
  }
  const isNumeric = distinct.every((value) => value !== '' && Number.isFinite(Number(value)));
  const areWhole = distinct.every((value) => /^-?\d+(\.0+)?$/.test(value));
  const written = (value: string): string => (areWhole ? String(Number(value)) : value);
  const names = [...new Set(distinct.map(written))];
  names.sort((a, b) => (isNumeric && Number(a) !== Number(b) ? Number(a) - Number(b) : a < b ? -1 : 1));
  const codes = new Map(names.map((value, code) => [value, code]));
  return {
    name,
    values: names,
    codes: Int32Array.from(column, (value) => (value === null ? UNKNOWN : codes.get(written(value))!)),
  };
}

/**
 * A column that has two values, known beforehand.
 * @param texts - how each may be written, by code
 * @param wrong - gets the rows that have anything else
 */
export function binaryColumn(
  name: string,
  values: readonly [string, string],
  column: readonly (string | null)[],
  texts: readonly [readonly string[], readonly string[]],
  wrong: Map<number, string>,
): CodedColumn {
  const codes = column.map((value, row) => {
    const code = texts.findIndex((written) => value !== null && written.includes(value));
    if (code === -1) {
      const expected = texts.map((written) => written[0]).join(' or ');
      wrong.set(
        row,
        `has ${value === null ? 'nothing' : `"${value}"`} in column ${name}, and not ${expected}`,
      );
    }
    return code;
  });
  return { name, values, codes: Int32Array.from(codes) };
}

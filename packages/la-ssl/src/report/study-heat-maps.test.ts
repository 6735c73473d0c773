import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RunResult, type StudyPlan, type StudyResult, studyResult } from '../study/index.js';
import { studyGrid } from './study-grid.js';
import { differenceHeatMaps, meanHeatMaps } from './study-heat-maps.js';

const METRICS = ['biased.overall', 'update.effectiveSampleShare'];

/** A study of all combinations of the axes, and a cell beside them; `figureOf` gives a run's figure, null where it failed. */
function resultOf(
  axes: Record<string, string[]>,
  figureOf: (values: Record<string, string>, seed: number) => number | null,
  baseline: (values: Record<string, string>) => string | null = () => 'plain',
): StudyResult {
  let places: Record<string, string>[] = [{}];
  for (const [axis, values] of Object.entries(axes))
    places = places.flatMap((place) => values.map((value) => ({ ...place, [axis]: value })));
  const cells = [
    ...places.map((values) => ({
      name: Object.values(values).join('-'),
      values,
      baseline: baseline(values),
    })),
    { name: 'plain', values: {}, baseline: null },
  ].map((cell) => ({ ...cell, overrides: {} }));
  const runs = cells.flatMap(({ name, values }) =>
    [0, 1, 2].map((seed): RunResult => {
      const value = figureOf(values, seed);
      const metrics = value === null ? {} : Object.fromEntries(METRICS.map((metric) => [metric, value]));
      return { name: `${name}-${seed}`, cell: name, seed, code: null, metrics, failed: null };
    }),
  );
  const study = { name: 's', title: 's', question: '?', budget: 'small', metrics: METRICS, base: {}, axes };
  return studyResult(
    { study: { ...study, compare: [METRICS[0]] }, cells, runs: [] } as unknown as StudyPlan,
    runs,
  );
}

const R = ['r0.1', 'r0.3', 'r0.5'];
const GAMMA = ['g1', 'g10'];
const number = (label: string | undefined): number => Number(label?.slice(1) ?? 0);

/** Written words of a picture, without the axes'. */
function textsIn(svg: string): { text: string; fill: string; bold: boolean }[] {
  return [...svg.matchAll(/<g class="mark-text role-mark[^>]*>([\s\S]*?)<\/g>/g)].flatMap(([, group]) =>
    [...group!.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes, text]) => ({
      text: text!,
      fill: /fill="([^"]*)"/.exec(attributes!)![1]!,
      bold: /font-weight="bold"/.test(attributes!),
    })),
  );
}

test('a heat map a metric has every mean in its place, what is absent, and what stands beside', async () => {
  const result = resultOf({ r: R, gamma: GAMMA }, ({ r, gamma }, seed) =>
    r === 'r0.3' && gamma === 'g1' ? null : number(r) + number(gamma) / 100 + (seed - 1) / 1000,
  );
  const [overall, size, ...others] = await meanHeatMaps(result);
  assert.equal(others.length, 0);
  assert.match(
    overall!.svg,
    /aria-label="biased: overall, by r and gamma, in %\. r0\.1: g1 11\.0, g10 20\.0; r0\.3: g1 absent, g10 40\.0; r0\.5: g1 51\.0, g10 60\.0\."/,
  );
  assert.deepEqual(
    textsIn(overall!.svg)
      .map(({ text }) => text)
      .sort(),
    ['11.0', '20.0', '40.0', '51.0', '60.0', '–'],
  );
  const fillOf = new Map(textsIn(overall!.svg).map(({ text, fill }) => [text, fill]));
  assert.equal(fillOf.get('11.0'), 'black', 'on the lightest');
  assert.equal(fillOf.get('60.0'), 'white', 'on the darkest');
  assert.equal(overall!.caption, 'Mean over 3 seeds, in %. –: no result. Beside the grid: plain 0.0.');
  assert.deepEqual(
    textsIn(size!.svg)
      .map(({ text }) => text)
      .sort(),
    ['0.110', '0.200', '0.400', '0.510', '0.600', '–'],
    'what is no share stays as it is',
  );
});

test('differences part at 0, and those whose interval excludes it are marked', async () => {
  // Constant but for a seed's 0.001: far from 0 for r0.1 and r0.5; r0.3 scatters around it.
  const shift: Record<string, number> = { 'r0.1': -0.2, 'r0.5': 0.1 };
  const result = resultOf({ r: R, gamma: GAMMA }, ({ r }, seed) =>
    r === 'r0.3' ? 0.5 + (seed - 1) / 10 : 0.5 + (shift[r!] ?? 0) + (r ? (seed - 1) / 1000 : 0),
  );
  const [figure, ...others] = await differenceHeatMaps(result);
  assert.equal(others.length, 0, 'only the metrics that are compared');
  const texts = textsIn(figure!.svg);
  assert.deepEqual(
    texts.map(({ text, bold }) => `${text}${bold ? ' bold' : ''}`),
    ['-20.0 bold', '-20.0 bold', '0.0', '0.0', '+10.0 bold', '+10.0 bold'],
  );
  assert.match(figure!.caption, /Less plain, paired by seed\. Framed and bold: .* \(4 of 6\)\.$/);
  assert.match(figure!.svg, /r0\.5: g1 \+10\.0 \(excludes 0\)/);
  const fills = [...figure!.svg.matchAll(/<path [^>]*fill="rgb\((\d+), (\d+), (\d+)\)"/g)].map((match) =>
    match.slice(1).map(Number),
  );
  assert.equal(fills.length, 6);
  const [[red, , blue], , [r, g, b], , [weakRed, , weakBlue]] = fills as [
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  assert.ok(red! > blue! && weakBlue! > weakRed!, 'orange below 0, blue above');
  assert.ok(Math.max(r!, g!, b!) - Math.min(r!, g!, b!) < 4, 'and no colour at 0');
});

test('the third axis is the facet, and it is the sampler where there is one; colours are shared', async () => {
  const axes = { sampler: ['la-ssl', 'oracle'], r: R, gamma: GAMMA };
  const figures = await meanHeatMaps(
    resultOf(axes, ({ sampler, r }, seed) => (sampler === 'oracle' ? 0.5 : 0) + number(r) + seed / 1000),
  );
  assert.deepEqual(
    figures.map(({ slug }) => slug),
    ['la-ssl', 'oracle']
      .flatMap((sampler) => [`heat-biased-overall-${sampler}`])
      .concat(['la-ssl', 'oracle'].map((sampler) => `heat-update-effectivesampleshare-${sampler}`)),
  );
  const legend = ({ svg }: { svg: string }): string =>
    /class="mark-group role-legend"[\s\S]*/.exec(svg)![0].replace(/clip\d+|gradient_\d+/g, '');
  assert.equal(legend(figures[0]!), legend(figures[1]!));
  const grid = studyGrid(resultOf({ r: R, gamma: GAMMA, scaling: ['a', 'b'] }, () => 0));
  assert.equal(grid!.facet!.name, 'scaling', 'else the last');
});

test('there is no heat map without a grid, nor of a sampler against two values', () => {
  const of = (axes: Record<string, string[]>) => resultOf(axes, () => 0);
  const sampler = ['uniform', 'la-ssl'];
  assert.equal(studyGrid(of({ sampler })), null);
  assert.equal(studyGrid(of({ sampler, gamma: GAMMA })), null);
  assert.equal(studyGrid(of({ r: ['r0.1'], gamma: GAMMA })), null);
  assert.ok(studyGrid(of({ sampler, r: R })));
  assert.ok(studyGrid(of({ r: R.slice(1), gamma: GAMMA })));
  const drawn = of({ r: R, gamma: GAMMA });
  assert.equal(studyGrid({ ...drawn, cells: drawn.cells.slice(1) }), null, 'some combinations only');
  const eleven = Array.from({ length: 11 }, (_, i) => `g${i}`);
  const turned = studyGrid(of({ r: R, gamma: eleven }))!;
  assert.deepEqual([turned.rows.name, turned.columns.name], ['gamma', 'r'], 'many values are rows');
});

test('a baseline within the grid has no place among the differences', async () => {
  const axes = { share: ['a75', 'a95', 'a99'], sampler: ['uniform', 'la-ssl', 'oracle'] };
  const result = resultOf(
    axes,
    (_, seed) => seed / 10,
    ({ share, sampler }) => (sampler === 'uniform' ? null : `${share}-uniform`),
  );
  const [figure] = await differenceHeatMaps(result);
  assert.match(figure!.svg, /a75: la-ssl 0\.0, oracle 0\.0;/);
  assert.match(figure!.caption, /Less the baseline of each cell/);
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PALETTE, PAPERS, scalesOf, withOwnIds } from './chart.js';
import { dotChart, lineChart, planeChart } from './charts.js';
import { escapeHtml } from './html.js';
import { reportPage } from './page.js';
import { INKS, PAGE_STYLE } from './page-style.js';
import { foldToWorst, type Report, type Table } from './parts.js';
import { writeReport } from './write-report.js';

/** WCAG 2.2, contrast ratio of two colours `#rrggbb`. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const c = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

test('text has a contrast of 4.5, colours of charts have 3, on both papers', () => {
  assert.ok(Math.abs(contrast('#000000', '#ffffff') - 21) < 1e-9);
  for (const { paper, ink, soft, warning } of Object.values(INKS)) {
    for (const colour of [ink, soft, warning]) assert.ok(contrast(colour, paper) >= 4.5, colour);
  }
  for (const paper of PAPERS) {
    for (const colour of PALETTE) assert.ok(contrast(colour, paper) >= 3, `${colour} on ${paper}`);
  }
});

const NASTY = `</title><script>alert("1")</script><img src=x onerror='a'>&amp;|\\${'`'}`;

/** The tags of a page with their attributes; in what we write, values stand in double quotes and hold no < or >. */
function tagsOf(page: string): { name: string; attributes: [name: string, value: string][] }[] {
  return [...page.matchAll(/<([a-z!][^\s<>/]*)([^<>]*)>/gi)].map(([, name, rest]) => ({
    name: name!.toLowerCase(),
    attributes: [...rest!.matchAll(/([^\s"=]+)\s*=\s*("[^"]*"|[^\s"]+)/g)].map(([, attribute, value]) => [
      attribute!.toLowerCase(),
      value!.replace(/^"|"$/g, ''),
    ]),
  }));
}

/** What would run or be loaded. */
function scriptsOf(page: string): string[] {
  return tagsOf(page).flatMap(({ name, attributes }) => [
    ...(['script', 'iframe', 'object', 'embed', 'link', 'base'].includes(name) ? [name] : []),
    ...attributes.flatMap(([attribute, value]) =>
      attribute.startsWith('on') || (/^(src|href|xlink:href)$/.test(attribute) && !/^(#|data:)/.test(value))
        ? [`${attribute}=${value}`]
        : [],
    ),
  ]);
}

async function nastyReport(): Promise<Report> {
  const dots = [{ name: NASTY, series: NASTY, value: 0.5, low: 0.4, high: 0.6 }];
  const figure = (slug: string, svg: string) => ({
    kind: 'figure' as const,
    slug,
    title: NASTY,
    caption: NASTY,
    svg,
  });
  const lines = [0, 1].flatMap((x) => [NASTY, 'b'].map((series) => ({ x, y: x, series })));
  const plane = { x: 'x', y: 'y', kinds: [NASTY, 'b'], legend: 'l' };
  const points = [NASTY, 'b'].map((value, x) => ({ x, y: x, value }));
  return {
    title: NASTY,
    lead: NASTY,
    sections: [
      {
        id: 'one',
        title: NASTY,
        parts: [
          figure('dots', await dotChart({ dots, names: [NASTY], series: [NASTY, 'b'], x: NASTY }, NASTY)),
          figure('lines', await lineChart({ rows: lines, series: [NASTY, 'b'], x: NASTY, y: NASTY }, NASTY)),
          figure('plane', await planeChart(points, plane, NASTY)),
          { kind: 'table', slug: 'same', caption: NASTY, header: [NASTY, 'b'], rows: [[NASTY, '1']] },
          { kind: 'table', slug: 'same', caption: 'again', header: ['a'], rows: [['2']] },
          { kind: 'warning', text: NASTY },
          { kind: 'note', text: NASTY, command: NASTY },
          {
            kind: 'pictures',
            slug: 'pictures',
            title: NASTY,
            caption: NASTY,
            pictures: [{ png: Buffer.from('x'), width: 1, height: 1, alt: NASTY, lines: [NASTY] }],
          },
        ],
      },
    ],
  };
}

test('what users named never becomes markup, in the page, its charts and its tables', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-page-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const report = await nastyReport();
  const { files } = await writeReport(report, join(folder, 'page.html'));
  const page = readFileSync(join(folder, 'page.html'), 'utf8');
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(scriptsOf(page), []);
  assert.ok(page.includes('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;'));
  assert.deepEqual(scriptsOf(`<p>${NASTY}`), ['script', 'src=x', "onerror='a'"]); // the check can fail
  for (const file of files.filter((name) => /svg$|md$/.test(name))) {
    assert.deepEqual(
      scriptsOf(readFileSync(join(folder, 'page-files', file), 'utf8').replaceAll('\\<', '')),
      [],
    );
  }
  assert.deepEqual(files, [
    'dots.svg',
    'lines.svg',
    'plane.svg',
    'same.csv',
    'same.md',
    'same-2.csv',
    'same-2.md',
  ]);
  const csv = readFileSync(join(folder, 'page-files', 'same.csv'), 'utf8');
  assert.equal(csv, `"${NASTY.replaceAll('"', '""')}",b\r\n"${NASTY.replaceAll('"', '""')}",1\r\n`);
});

test('the page needs nothing else, names every figure and is the same for the same report', async () => {
  const report = await nastyReport();
  const page = reportPage(report, 'page-files');
  assert.equal(reportPage(await nastyReport(), 'page-files'), page);
  assert.deepEqual(scriptsOf(page), []);
  for (const [, target] of page.matchAll(/url\(([^)]*)\)/g)) assert.match(target!, /^#/);
  assert.doesNotMatch(page, /@import/);
  assert.equal([...page.matchAll(/<svg role="img" aria-label="[^"]+"/g)].length, 3);
  for (const [table] of page.matchAll(/<table>[\s\S]*?<\/table>/g)) {
    assert.match(table, /<caption>[\s\S]+<\/caption>[\s\S]*<th scope="col">/);
  }
});

test('a long table shows its worst rows, has the rest to unfold and on paper, and is whole in the files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-page-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const accuracies = Array.from({ length: 25 }, (_, g) => (g * 7) % 25);
  const rows = [['overall', '50'], ...accuracies.map((accuracy, g) => [`g${g}`, `${accuracy}`])];
  const fold = foldToWorst([null, ...accuracies.map((of) => -of)], 'groups with the lowest accuracy');
  const table: Table = {
    kind: 'table',
    slug: 't',
    caption: 'By group',
    header: ['', 'accuracy'],
    rows,
    fold,
  };
  const report = { title: 'T', lead: 'L', sections: [{ id: 's', title: 'S', parts: [table] }] };
  await writeReport(report, join(folder, 'page.html'));
  const page = readFileSync(join(folder, 'page.html'), 'utf8');
  const [shown, rest] = page.split('<details>') as [string, string];
  const cells = (text: string): string[] =>
    [...text.matchAll(/<td class="number">(\d+)<\/td>/g)].map(([, cell]) => cell!);
  assert.deepEqual(cells(shown), ['50', ...Array.from({ length: 10 }, (_, i) => `${i}`)]);
  assert.deepEqual(cells(rest), accuracies.filter((accuracy) => accuracy >= 10).map(String));
  assert.match(shown, /By group\. First the 10 groups with the lowest accuracy\./);
  assert.match(rest, /<summary>15 more rows<\/summary>/);
  assert.match(
    PAGE_STYLE.slice(PAGE_STYLE.indexOf('@media print')),
    /details::details-content \{ display: block/,
  );
  const csv = readFileSync(join(folder, 'page-files', 't.csv'), 'utf8')
    .trim()
    .split('\r\n')
    .slice(1);
  assert.deepEqual(
    csv,
    rows.map((row) => row.join(',')),
  );
  assert.equal(foldToWorst(accuracies.slice(0, 20), 'groups'), undefined, 'a short one is not folded');
});

test('no two of sixteen series look the same', () => {
  const { color, strokeDash, shape } = scalesOf(Array.from({ length: 16 }, (_, s) => `s${s}`));
  for (const other of [strokeDash, shape])
    assert.equal(new Set(color.range.map((colour, s) => `${colour} ${other.range[s]}`)).size, 16);
});

test('escapes what HTML and XML do not allow, and gives ids of their own', () => {
  assert.equal(escapeHtml(`<a b="c">&'\u0000`), '&lt;a b=&quot;c&quot;&gt;&amp;&#39;\ufffd');
  assert.equal(
    withOwnIds('<g id="c1"/><g clip-path="url(#c1)"/><use xlink:href="#c1"/>', 'p'),
    '<g id="p-c1"/><g clip-path="url(#p-c1)"/><use xlink:href="#p-c1"/>',
  );
});

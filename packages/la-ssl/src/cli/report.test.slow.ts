/** @file The page in a real browser, where Chromium is installed: nothing is cut off, nothing is complained of. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { TINY_STUDY } from '../study/study.test.support.js';
import { laSsl, trainTiny } from './main.test.support.js';

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);
const folder = mkdtempSync(join(tmpdir(), 'la-ssl-browser-'));
after(() => rmSync(folder, { recursive: true }));
const skip = browser ? false : 'there is no Chromium';
const pages: Record<string, string> = {};
before(async () => {
  if (!browser) return;
  const run = await trainTiny(folder, 'tiny');
  await laSsl('probe', run);
  await laSsl('report', run);
  pages.run = readFileSync(join(run, 'report.html'), 'utf8');
  const study = join(folder, 'grid.yaml');
  writeFileSync(study, stringify({ ...TINY_STUDY, ...GRID }));
  await laSsl('study', study, '--runs', join(folder, 'grid'), '--parallel', '2');
  await laSsl('report', join(folder, 'grid'));
  pages.study = readFileSync(join(folder, 'grid', 'report.html'), 'utf8');
});

/** A heat map of 3 × 2 cells, with differences from a cell beside them. */
const GRID = {
  base: { ...TINY_STUDY.base, epochs: 2, sampler: 'la-ssl' },
  axes: { r: { 'r0.1': 0.1, 'r0.3': 0.3, 'r0.5': 0.5 }, gamma: { g1: 1, g10: 10 } },
  cells: { uniform: { sampler: 'uniform' } },
  seeds: [0, 1],
  baseline: 'uniform',
};
const EXPECTED: Record<string, { images: number; heatMaps: number }> = {
  run: { images: 48, heatMaps: 0 },
  study: { images: 6 * 24, heatMaps: 6 },
};

for (const [name, width] of ['run', 'study'].flatMap((name) => [1280, 420].map((w) => [name, w] as const))) {
  test(`the page of a ${name} at ${width} pixels`, { skip }, () => {
    const page = pages[name]!;
    // The policy of the page allows no script: the page that measures it goes without, and frames it in this width.
    // What is folded has no size: all of it is opened.
    const measured = page
      .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '')
      .replaceAll('<details', '<details open');
    const script = `<script>addEventListener('load', () => {
      const page = document.documentElement;
      const cut = [...document.querySelectorAll('figure, figcaption, h1, h2, p, li')]
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.textContent.slice(0, 60));
      const broken = [...document.images].filter((i) => i.naturalWidth === 0 || !i.alt).length;
      const small = [...document.querySelectorAll('figure svg')].filter((e) => e.getBoundingClientRect().width < 250).length;
      const unnamed = [...document.querySelectorAll('figure svg')].filter((e) => e.getAttribute('role') !== 'img' || !e.getAttribute('aria-label')).length;
      const luminance = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const faint = [], heat = document.querySelectorAll('figure[id^=heat]');
      for (const figure of heat) {
        const places = [...figure.querySelectorAll('.mark-rect.role-mark path')].filter((e) => getComputedStyle(e).fill.startsWith('rgb('));
        for (const text of figure.querySelectorAll('.mark-text.role-mark text')) {
          const { left, right, top, bottom } = text.getBoundingClientRect();
          const under = places.find((e) => { const r = e.getBoundingClientRect(); return r.left <= left && r.right >= right && r.top <= top && r.bottom >= bottom; });
          const [low, high] = under ? [text, under].map((e) => luminance(getComputedStyle(e).fill)).sort((a, b) => a - b) : [0, 0];
          if ((high + 0.05) / (low + 0.05) < 4.5) faint.push(text.textContent);
        }
      }
      const scrolled = innerWidth < 1000 ? [] : [...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.id);
      const words = document.querySelectorAll('figure[id^=heat] .mark-text.role-mark text').length;
      const result = { width: innerWidth, wider: page.scrollWidth > innerWidth, cut, broken, small, unnamed, scrolled, faint, words, images: document.images.length, heatMaps: heat.length };
      parent.postMessage(JSON.stringify(result), '*');
    })</script>`;
    writeFileSync(join(folder, 'measured.html'), measured.replace('</body>', `${script}</body>`));
    const frame = `<iframe src="measured.html" style="border:0;width:${width}px;height:900px"></iframe>
      <pre id="result"></pre><script>onmessage = (e) => { document.getElementById('result').textContent = e.data; }</script>`;
    writeFileSync(join(folder, 'frame.html'), frame);
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--virtual-time-budget=10000',
      '--window-size=1400,1000',
    ];
    const text = execFileSync(browser!, [...flags, '--dump-dom', `file://${join(folder, 'frame.html')}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const found = /<pre id="result">([^<]*)</.exec(text)?.[1] ?? '';
    const expected = EXPECTED[name]!;
    assert.deepEqual(JSON.parse(found), {
      ...{ width, wider: false, cut: [], broken: 0, small: 0, unnamed: 0, scrolled: [], faint: [] },
      ...expected,
      words: 6 * expected.heatMaps,
    });
  });
}

for (const name of ['run', 'study']) {
  test(`the browser complains of nothing in the page of a ${name}`, { skip }, () => {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, pages[name]!);
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr', '--dump-dom'];
    const options = { encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
    const { stderr } = spawnSync(browser!, [...flags, `file://${file}`], options);
    assert.deepEqual(
      stderr.split('\n').filter((line) => /CONSOLE/.test(line)),
      [],
    );
  });
}

/** @file The page in a real browser, where Chromium is installed: nothing is cut off, nothing is complained of. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { laSsl, trainTiny } from './main.test.support.js';

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);
const folder = mkdtempSync(join(tmpdir(), 'la-ssl-browser-'));
after(() => rmSync(folder, { recursive: true }));
let page: string;
before(async () => {
  if (!browser) return;
  const run = await trainTiny(folder, 'tiny');
  await laSsl('probe', run);
  await laSsl('report', run);
  page = readFileSync(join(run, 'report.html'), 'utf8');
});

for (const width of [1280, 420]) {
  test(`at ${width} pixels`, { skip: browser ? false : 'there is no Chromium' }, () => {
    // The policy of the page allows no script: the page that measures it goes without, and frames it in this width.
    const measured = page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
    const script = `<script>addEventListener('load', () => {
      const page = document.documentElement;
      const cut = [...document.querySelectorAll('figure, figcaption, h1, h2, p, li')]
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.textContent.slice(0, 60));
      const broken = [...document.images].filter((i) => i.naturalWidth === 0 || !i.alt).length;
      const small = [...document.querySelectorAll('figure svg')].filter((e) => e.getBoundingClientRect().width < 250).length;
      const result = { width: innerWidth, wider: page.scrollWidth > innerWidth, cut, broken, small, images: document.images.length };
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
    const { images, ...result } = JSON.parse(found) as Record<string, unknown>;
    assert.deepEqual(result, { width, wider: false, cut: [], broken: 0, small: 0 });
    assert.equal(images, 48);
  });
}

test('the browser complains of nothing', { skip: browser ? false : 'there is no Chromium' }, () => {
  const file = join(folder, 'page.html');
  writeFileSync(file, page);
  const { stderr } = spawnSync(
    browser!,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--enable-logging=stderr',
      '--dump-dom',
      `file://${file}`,
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  assert.deepEqual(
    stderr.split('\n').filter((line) => /CONSOLE/.test(line)),
    [],
  );
});

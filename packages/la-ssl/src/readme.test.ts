/** @file What the READMEs show is run: TypeScript is compiled strictly and executed, commands have the flags they name. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { createProgram } from './cli/main.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const READMES = ['README.md', 'packages/torch/README.md', 'packages/la-ssl/src/sampling/README.md'];

function blocks(file: string, language: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1]!);
}

describe('the READMEs', () => {
  it('show TypeScript that compiles and runs', () => {
    const folder = mkdtempSync(join(root, 'packages/la-ssl/.snippets-')); // inside, so that imports resolve
    try {
      const snippets = READMES.flatMap((file) => blocks(file, 'ts').map((code) => ({ file, code })));
      assert.ok(snippets.length >= 3, `only ${snippets.length} snippets were found`);
      const options = {
        extends: '../../../tsconfig.base.json',
        compilerOptions: { outDir: 'out', rootDir: '.', composite: false },
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...options, include: ['*.ts'] }));
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      snippets.forEach(({ code }, i) => {
        writeFileSync(join(folder, `snippet-${i}.ts`), `${code}\nexport {};\n`);
      });
      execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: 'pipe' });
      snippets.forEach(({ file }, i) => {
        const output = join(folder, 'out', `snippet-${i}.js`);
        assert.doesNotThrow(
          () => execFileSync(process.execPath, [output], { stdio: 'pipe' }),
          `snippet ${i}, of ${file}`,
        );
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('show commands that exist, with flags that exist', () => {
    const program = createProgram();
    const lines = blocks('README.md', 'sh')
      .join('\n')
      .split('\n')
      .flatMap((line) => /^(?:\$ )?la-ssl (.*)$/.exec(line.replace(/\s+#.*$/, ''))?.[1] ?? []);
    assert.ok(lines.length >= 5, `only ${lines.length} commands were found`);
    for (const line of lines) {
      let command: Command = program;
      for (const word of line.split(/\s+/)) {
        const inner = command.commands.find((candidate) => candidate.name() === word);
        if (inner) command = inner;
        else if (word.startsWith('--')) {
          assert.ok(
            command.options.some((option) => option.long === word),
            `${line}: ${command.name()} has no ${word}`,
          );
        }
      }
      assert.notEqual(command, program, `there is no command in: la-ssl ${line}`);
    }
  });
});

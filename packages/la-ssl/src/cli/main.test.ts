import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { createProgram } from './main.js';
import { laSsl } from './main.test.support.js';

/** Every command below one, with the words that call it. */
function commandsBelow(command: Command, words: string[] = []): { command: Command; words: string[] }[] {
  return command.commands.flatMap((below) => {
    const path = [...words, below.name()];
    return [{ command: below, words: path }, ...commandsBelow(below, path)];
  });
}

const commands = commandsBelow(createProgram());

test('the program has these commands, and its help names them', async () => {
  assert.deepEqual(commands.map(({ words }) => words.join(' ')).sort(), [
    'data',
    'data cifar10',
    'data clear',
    'data corrupted-cifar10',
    'data describe',
    'data list',
    'data mnist',
    'data preview',
    'demo',
    'embed',
    'export',
    'finetune',
    'probe',
    'proxy',
    'report',
    'runs',
    'score',
    'study',
    'train',
  ]);
  const { status, stdout } = await laSsl('--help');
  assert.equal(status, 0);
  for (const { words } of commands.filter(({ words }) => words.length === 1))
    assert.match(stdout, new RegExp(`^  ${words[0]} `, 'm'));
});

test('every command has help with examples, whose commands and flags exist', async () => {
  for (const { words } of commands) {
    const { status, stdout } = await laSsl(...words, '--help');
    assert.equal(status, 0, words.join(' '));
    const examples = stdout.slice(stdout.indexOf('\nExamples:') + 1).match(/la-ssl .*/g) ?? [];
    assert.ok(examples.length > 0, `${words.join(' ')} has no examples`);
    for (const example of examples) {
      const [line] = example.split(/[|#]/);
      const [, ...parts] = line!.trim().split(/\s+/);
      const named = commands.filter(({ words: path }) => path.every((word, i) => parts[i] === word)).at(-1);
      assert.ok(named, `${example}: there is no such command`);
      const known = named.command.options.map((option) => option.long);
      for (const flag of parts.filter((part) => part.startsWith('--')))
        assert.ok(known.includes(flag), `${example}: ${named.words.join(' ')} has no ${flag}`);
    }
  }
});

test('wrong usage ends with 2 and says what was meant', async () => {
  const command = await laSsl('trian');
  assert.equal(command.status, 2);
  assert.match(command.stderr, /unknown command 'trian'[\s\S]*Did you mean train\?/);
  const flag = await laSsl('score', 'runs/x', '--tpo', '3');
  assert.equal(flag.status, 2);
  assert.match(flag.stderr, /unknown option '--tpo'[\s\S]*Did you mean --top\?/);
  const nested = await laSsl('data', 'describe', 'shapes', '--per-gruop', '3');
  assert.equal(nested.status, 2);
  assert.match(nested.stderr, /Did you mean --per-group\?[\s\S]*--help/);
  const value = await laSsl('train', '--dataset', 'shapes', '--epochs', '0');
  assert.equal(value.status, 2);
  assert.match(value.stderr, /--epochs 0: .*1/);
  const missing = await laSsl('score');
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /missing required argument 'run'/);
});

test('an unknown run ends with 1 and says how to find one', async () => {
  const { status, stderr } = await laSsl('score', 'no/such/run');
  assert.equal(status, 1);
  assert.match(stderr, /no\/such\/run is no run.*la-ssl runs/);
  assert.doesNotMatch(stderr, /\n {4}at /, 'no stack');
});

test('the executable passes the status on', () => {
  const bin = fileURLToPath(new URL('../../bin/la-ssl.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'runs', 'no-such-folder'], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /There is no folder no-such-folder/);
});

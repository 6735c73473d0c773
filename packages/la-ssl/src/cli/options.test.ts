import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Command } from 'commander';
import { z } from 'zod';
import { suggest } from '../suggest.js';
import {
  addSchemaOptions,
  checkOptions,
  flagOf,
  givenOptions,
  readOptionsFile,
  UsageError,
} from './options.js';

const schema = z.strictObject({
  epochs: z.int().min(1).default(100).describe('epochs'),
  sampler: z.enum(['uniform', 'la-ssl']).default('la-ssl').describe('how examples are drawn'),
  maskDuplicates: z.boolean().default(true).describe('mask duplicates'),
  plain: z.boolean().default(false).describe('plain form'),
  normalize: z.boolean().optional().describe('normalise'),
  set: z
    .union([z.literal(0), z.literal(1)])
    .optional()
    .describe('which set'),
  note: z.string().optional().describe('a note'),
});

function parsed(...args: string[]): Command {
  const command = new Command('try').exitOverride().configureOutput({ writeErr: () => {} });
  addSchemaOptions(command, schema, { Main: Object.keys(schema.shape) });
  return command.parse(args, { from: 'user' });
}

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-options-'));
after(() => rmSync(folder, { recursive: true }));

function optionsOf(yaml: string): Record<string, unknown> {
  const file = join(folder, 'study.yaml');
  writeFileSync(file, yaml);
  return readOptionsFile(file, schema);
}

test('flags come from the schema, typed; those not given are left to their defaults', () => {
  const command = parsed('--epochs', '7', '--sampler', 'uniform', '--no-mask-duplicates', '--set', '1');
  const given = givenOptions(command, schema);
  assert.deepEqual(given, { epochs: 7, sampler: 'uniform', maskDuplicates: false, set: 1 });
  assert.deepEqual(checkOptions(schema, given), { ...given, plain: false });
  assert.deepEqual(givenOptions(parsed('--plain', '--note', 'x'), schema), { plain: true, note: 'x' });
  assert.deepEqual(givenOptions(parsed(), schema), {});
});

test('help gives the range of choices and the default of the schema', () => {
  const help = parsed().helpInformation();
  assert.match(help, /^Main:/m);
  assert.match(help, /--epochs <number> +epochs \(default: 100\)/);
  assert.match(help, /--sampler <name> +how examples are drawn: uniform, la-ssl \(default:\s+la-ssl\)/);
  assert.match(help, /--set <name> +which set: 0, 1/);
  assert.match(help, /--no-mask-duplicates +not: mask duplicates/);
});

test('an optional switch goes both ways, and is not given by default', () => {
  const given = (...args: string[]) => givenOptions(parsed(...args), schema);
  assert.deepEqual(given('--normalize'), { normalize: true });
  assert.deepEqual(given('--no-normalize'), { normalize: false });
  assert.deepEqual(given(), {});
});

test('a wrong value of a flag is refused with what is allowed, and the nearest', () => {
  assert.throws(() => parsed('--sampler', 'la-sll'), /one of uniform, la-ssl\. Did you mean la-ssl\?/);
  assert.throws(() => parsed('--set', '2'), /one of 0, 1\./);
  assert.throws(() => parsed('--epochs', 'ten'), /takes a number/);
  assert.throws(() => parsed('--epochs', ''), /takes a number/);
});

test('values out of range and options that do not apply name their flag', () => {
  assert.throws(
    () => checkOptions(schema, { epochs: 0 }),
    (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^--epochs 0: .*>=1/);
      return true;
    },
  );
  assert.throws(() => checkOptions(schema, { warmUp: 3 }), /^Error: --warm-up does not apply here/);
});

test('a YAML file gives the same options', () => {
  assert.deepEqual(optionsOf('epochs: 3\n# comment\nsampler: uniform\n'), { epochs: 3, sampler: 'uniform' });
  assert.deepEqual(optionsOf(''), {});
});

test('a mistake in a YAML file is reported with file, line and the nearest key', () => {
  assert.throws(
    () => optionsOf('sampler: uniform\n\nepocs: 3\n'),
    /study\.yaml, line 3: there is no option epocs\. Did you mean epochs\?/,
  );
  assert.throws(() => optionsOf('note: x\nepochs: many\n'), /line 2: epochs is "many"\. .*number/);
  assert.throws(() => optionsOf('- epochs\n'), /study\.yaml must hold options/);
  assert.throws(() => optionsOf('epochs: [1\nset: 0'), /study\.yaml: .*line 2/s);
  assert.throws(
    () => readOptionsFile(join(folder, 'none.yaml'), schema),
    /none\.yaml cannot be read \(ENOENT\)\. Give the path/,
  );
});

test('flagOf and suggest', () => {
  assert.equal(flagOf('warmupEpochs'), 'warmup-epochs');
  assert.equal(suggest('gama', ['gamma', 'r']), ' Did you mean gamma?');
  assert.equal(suggest('temperature', ['gamma', 'r']), '');
});

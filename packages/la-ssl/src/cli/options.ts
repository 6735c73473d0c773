/**
 * @file Flags and YAML keys from a schema: one definition gives the flag, its help, its default and its check.
 */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { suggest } from '../suggest.js';

/** Options that cannot be meant: the command ends with status 2, as it does for an unknown flag. */
export class UsageError extends Error {}

/** `warmupEpochs` → `warmup-epochs`. */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Adds a flag for every key of the schema, under the headings of `groups`. */
export function addSchemaOptions(
  command: Command,
  schema: z.ZodObject,
  groups: Record<string, string[]>,
): void {
  for (const [heading, keys] of Object.entries(groups)) {
    for (const key of keys) {
      for (const option of optionsFor(key, schema.shape[key] as z.ZodType)) {
        command.addOption(option.helpGroup(`${heading}:`));
      }
    }
  }
}

function optionsFor(key: string, type: z.ZodType): Option[] {
  const { bare, byDefault } = unwrap(type);
  const flag = flagOf(key);
  const text = type.description ?? bare.description ?? '';
  const described = byDefault === undefined ? text : `${text} (default: ${byDefault})`;
  if (bare instanceof z.ZodBoolean) {
    const [on, off] = [new Option(`--${flag}`, described), new Option(`--no-${flag}`, `not: ${text}`)];
    if (byDefault === undefined) return [on, new Option(`--no-${flag}`, 'the opposite')];
    return byDefault === true ? [off] : [on];
  }
  const values = choicesOf(bare);
  if (values) {
    const choices = values.map(String);
    const option = new Option(
      `--${flag} <name>`,
      `${text}: ${choices.join(', ')}${byDefault === undefined ? '' : ` (default: ${byDefault})`}`,
    );
    return [
      option.argParser((value) => {
        if (!choices.includes(value))
          throw new InvalidArgumentError(`It is one of ${choices.join(', ')}.${suggest(value, choices)}`);
        return values[choices.indexOf(value)];
      }),
    ];
  }
  if (bare instanceof z.ZodNumber) {
    return [
      new Option(`--${flag} <number>`, described).argParser((value) => {
        const number = Number(value);
        if (value.trim() === '' || Number.isNaN(number)) throw new InvalidArgumentError('It takes a number.');
        return number;
      }),
    ];
  }
  return [new Option(`--${flag} <text>`, described)];
}

/** The values of a closed choice, or null. */
function choicesOf(type: z.ZodType): unknown[] | null {
  if (type instanceof z.ZodEnum) return type.options;
  if (!(type instanceof z.ZodUnion)) return null;
  const literals = type.options.filter((option) => option instanceof z.ZodLiteral);
  return literals.length === type.options.length ? literals.flatMap((literal) => [...literal.values]) : null;
}

function unwrap(type: z.ZodType): { bare: z.ZodType; byDefault: unknown } {
  let bare: z.ZodType = type;
  let byDefault: unknown;
  for (;;) {
    if (bare instanceof z.ZodDefault) byDefault = bare.def.defaultValue;
    else if (!(bare instanceof z.ZodOptional)) return { bare, byDefault };
    bare = bare.def.innerType as z.ZodType;
  }
}

/** What flags were given, by key of the schema; a default is not given. */
export function givenOptions(command: Command, schema: z.ZodObject): Record<string, unknown> {
  const values = command.opts<Record<string, unknown>>();
  return Object.fromEntries(
    Object.keys(schema.shape)
      .filter((key) => command.getOptionValueSource(key) === 'cli')
      .map((key) => [key, values[key]]),
  );
}

/**
 * The options of a YAML file.
 * @throws UsageError that names the file, the line, and for an unknown key the nearest known one
 */
export function readOptionsFile(file: string, schema: z.ZodObject): Record<string, unknown> {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines });
  const problem = document.errors[0];
  if (problem) throw new UsageError(`${file}: ${problem.message}`);
  const content: unknown = document.toJS() ?? {};
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UsageError(`${file} must hold options, one "key: value" a line.`);
  }
  const lineOf = (key: string): number => {
    const items =
      (document.contents as { items?: { key: { value: unknown; range: number[] } }[] } | null)?.items ?? [];
    const offset = items.find((item) => item.key.value === key)?.key.range[0] ?? 0;
    return lines.linePos(offset).line;
  };
  const known = Object.keys(schema.shape);
  for (const [key, value] of Object.entries(content)) {
    const place = `${file}, line ${lineOf(key)}`;
    const type = schema.shape[key] as z.ZodType | undefined;
    if (!type) throw new UsageError(`${place}: there is no option ${key}.${suggest(key, known)}`);
    const checked = type.safeParse(value);
    if (!checked.success)
      throw new UsageError(`${place}: ${key} is ${JSON.stringify(value)}. ${reasons(checked.error)}`);
  }
  return content as Record<string, unknown>;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(`${file} cannot be read (${code}). Give the path of a YAML file.`);
  }
}

/** Checks options and fills in defaults. @throws UsageError that names each wrong flag, its value and its range */
export function checkOptions<S extends z.ZodObject>(
  schema: S,
  options: Record<string, unknown>,
): z.output<S> {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  const lines = checked.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `--${flagOf(key)} does not apply here. Leave it out.`);
    const key = String(issue.path[0] ?? '');
    const value = options[key] === undefined ? '' : ` ${JSON.stringify(options[key])}`;
    return [`--${flagOf(key)}${value}: ${issue.message}`];
  });
  throw new UsageError(lines.join('\n'));
}

/** Parses the argument of a flag that takes a whole number from `least` on. */
export function wholeNumberFrom(least: number): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text) || Number(text) < least)
      throw new InvalidArgumentError(`It takes a whole number from ${least} on.`);
    return Number(text);
  };
}

function reasons(error: z.ZodError): string {
  return error.issues.map((issue) => issue.message).join('; ');
}

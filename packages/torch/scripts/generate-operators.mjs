/**
 * Writes `src/generated/`: the typed functions of `operators.mjs`, from libtorch's own schemas.
 * `node scripts/generate-operators.mjs`, after the addon is built; made with libtorch 1.13.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { functions, methods, parameters } from './operators.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = createRequire(import.meta.url)(join(root, 'build/la_ssl_torch.node'));

/** Arguments that no caller of the typed functions sets. */
const HIDDEN = new Set([
  ...['layout', 'pin_memory', 'implicit', 'non_blocking', 'cudnn_enable'],
  ...['sparse_grad', 'sparse', 'scales_h', 'scales_w'],
]);
const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function typeOf(argument) {
  const { name, type, length } = argument;
  if (name === 'dtype') return 'DType';
  if (name === 'memory_format') return 'MemoryFormat';
  if (name === 'reduction') return "'none' | 'mean' | 'sum'";
  const optional = type.endsWith('?');
  const bare = optional ? type.slice(0, -1) : type;
  const simple = {
    Tensor: 'Tensor',
    int: 'number',
    SymInt: 'number',
    float: 'number',
    Scalar: 'number',
    bool: 'boolean',
    str: 'string',
    Device: 'string',
    Generator: 'Generator',
    'Tensor[]': 'readonly Tensor[]',
    'Tensor?[]': 'readonly (Tensor | null)[]',
  }[bare];
  const list = bare.endsWith('[]') ? `${length ? 'number | ' : ''}readonly number[]` : undefined;
  const base = simple ?? list;
  if (!base) throw new Error(`no TypeScript type for ${type} ${name}`);
  return optional ? `${base} | null` : base;
}

function schemaOf(overload) {
  const [name, variant = ''] = overload.split('.');
  const schema = native.schemas(`aten::${name}`).find((s) => s.overload === variant);
  if (!schema) throw new Error(`no aten::${overload}`);
  return { ...schema, id: `aten::${overload}` };
}

const returnTypes = { Tensor: 'Tensor', 'Tensor[]': 'Tensor[]', int: 'number', bool: 'boolean' };
function returnOf(schema) {
  const types = schema.returns.map((type) => returnTypes[type]);
  return types.length === 1 ? types[0] : `[${types.join(', ')}]`;
}

function documentation(argument, name) {
  const text = parameters[`${argument.name}:${name}`] ?? parameters[argument.name];
  if (!text) throw new Error(`${name}: no documentation for the parameter ${argument.name}`);
  return text;
}

function emit([name, overloads, sentence], isMethod) {
  const schemas = overloads.map(schemaOf);
  // One parameter where a number stands for a tensor: `scatter.value` calls `src` of `scatter.src` so.
  for (const [i, a] of (schemas[1]?.arguments ?? []).entries()) {
    const first = schemas[0].arguments[i];
    if (a.type === 'Scalar' && first?.type === 'Tensor') a.name = first.name;
  }
  const visible = (schema) =>
    schema.arguments.filter((a, i) => !HIDDEN.has(a.name) && !(isMethod && i === 0));
  const isPositional = (a) => !a.hasDefault && !a.keywordOnly;
  const byName = new Map();
  for (const schema of schemas) {
    for (const a of visible(schema)) {
      const known = byName.get(a.name);
      byName.set(
        a.name,
        known ? { ...known, types: [...new Set([...known.types, typeOf(a)])] } : { ...a, types: [typeOf(a)] },
      );
    }
  }
  const required = (a) => schemas.every((s) => s.arguments.some((b) => b.name === a.name && isPositional(b)));
  const args = [...byName.values()];
  const positional = args.filter((a) => isPositional(a));
  const optional = args.filter((a) => !isPositional(a));
  const access = (a) =>
    optional.some((o) => o.name === a.name) ? `options.${camel(a.name)}` : camel(a.name);
  const invoke = (schema) => {
    const values = schema.arguments.map((a, i) => {
      if (isMethod && i === 0) return 'this';
      return HIDDEN.has(a.name) ? 'undefined' : access(a);
    });
    while (values.at(-1) === 'undefined') values.pop();
    return `call('${schema.id}', ${values.join(', ')})`;
  };
  let expression = invoke(schemas[0]);
  if (schemas.length === 2) {
    const scalar = schemas[1].arguments.find(
      (a) =>
        typeOf(a).startsWith('number') &&
        schemas[0].arguments.some((b) => b.name === a.name && b.type === 'Tensor'),
    );
    const added = visible(schemas[1]).find(
      (a) => !schemas[0].arguments.some((b) => b.name === a.name) && isPositional(a),
    );
    if (!scalar && !added) throw new Error(`${name}: nothing tells ${overloads.join(' and ')} apart`);
    const test = scalar ? `typeof ${access(scalar)} !== 'object'` : `${access(added)} !== undefined`;
    expression = `${test} ? ${invoke(schemas[1])} : ${invoke(schemas[0])}`;
  }
  const parametersText = positional.map(
    (a) => `${camel(a.name)}${required(a) ? '' : '?'}: ${a.types.join(' | ')}`,
  );
  if (optional.length > 0) {
    const fields = optional.map((a) => `${camel(a.name)}?: ${a.types.join(' | ')} | undefined`);
    parametersText.push(`options: { ${fields.join('; ')} } = {}`);
  }
  const inPlace = name.endsWith('_');
  const lines = [
    sentence,
    ...positional.map((a) => `@param ${camel(a.name)} - ${documentation(a, name)}`),
    ...optional.map((a) => `@param options.${camel(a.name)} - ${documentation(a, name)}`),
    `Schema: \`${schemas.map((s) => s.text.replaceAll('*/', '* /')).join('` or `')}\``,
  ];
  const body = inPlace
    ? `{ ${expression.includes(' ? ') ? `void (${expression})` : expression}; return this; }`
    : `{ return (${expression}) as ${returnOf(schemas[0])}; }`;
  const head = `${name}(${parametersText.join(', ')}): ${inPlace ? 'this' : returnOf(schemas[0])}`;
  return `  /**\n${lines.map((line) => `   * ${line}`).join('\n')}\n   */\n  ${isMethod ? '' : 'export function '}${head} ${body}\n`;
}

const opening = (what) => `/**
 * @file ${what}
 * Generated by \`scripts/generate-operators.mjs\` from libtorch's schemas; never edited by hand.
 */
import { call } from '../call.js';
import type { DType, MemoryFormat } from '../dtype.js';
import type { Generator, Tensor } from '../tensor.js';
`;
const folder = join(root, 'src/generated');
mkdirSync(folder, { recursive: true });
const methodText = `${opening('The operators that are methods of a tensor.')}
export abstract class TensorOperators {
${methods.map((entry) => emit(entry, true)).join('\n')}}
`;
writeFileSync(join(folder, 'tensor-operators.ts'), methodText);
writeFileSync(
  join(folder, 'functions.ts'),
  `${opening('The operators that are functions.')}\n${functions.map((entry) => emit(entry, false)).join('\n')}`,
);
execFileSync('npx', ['biome', 'check', '--write', folder], { cwd: join(root, '../..'), stdio: 'inherit' });

/** The command line of a benchmark: what is wrong with it is said in a line. */
import { parseArgs } from 'node:util';

/** Says what is wrong, and ends. */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/**
 * Prints `help` and ends where it is asked for; says what is wrong and ends where an option is unknown or lacks its value.
 *
 * @param options - as `parseArgs` of Node takes them, but for `help`
 * @param positionals - whether there are words that are no option
 * @returns `{ options, names }`: the values of the options, and those words
 */
export function readOptions(help, options, { positionals = false } = {}) {
  try {
    const { values, positionals: names } = parseArgs({
      allowPositionals: positionals,
      options: { ...options, help: { type: 'boolean', default: false } },
    });
    if (values.help) {
      process.stdout.write(help);
      process.exit();
    }
    return { options: values, names };
  } catch (error) {
    return fail(`${error.message.replace(/\.( To specify a positional.*)?$/s, '')}. See --help.`);
  }
}

/** @returns the value of the option, which must be a whole number from 1 on */
export function wholeNumber(options, name) {
  const value = Number(options[name]);
  return Number.isInteger(value) && value > 0 ? value : fail(`--${name} must be a positive whole number.`);
}

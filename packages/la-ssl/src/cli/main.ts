/** @file The command `la-ssl`: one file a command, each parses, calls and prints. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { demoCommand } from './demo.js';
import { probeCommand } from './probe.js';
import { trainCommand } from './train.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The whole command line, for `main` and for tests of its help. */
export function createProgram(): Command {
  const program = new Command('la-ssl')
    .description(
      'Learning-speed aware self-supervised learning: pretrain image encoders without labels so that they do\n' +
        'not lean on spurious correlations, and see which groups and examples are learned last.',
    )
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .addHelpText(
      'after',
      '\nEvery command has --help with examples. Errors say what to do; LA_SSL_DEBUG=1 adds stacks.',
    );
  for (const command of [demoCommand(), trainCommand(), probeCommand()])
    program.addCommand(command.copyInheritedSettings(program));
  return program;
}

/** Runs a command line. @returns the exit status: 0, 1 for a failure, 2 for wrong usage, 130 when interrupted */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // the reader has enough, as `head` does
    throw error;
  });
  const program = createProgram();
  for (const command of [program, ...program.commands.flatMap((c) => [c, ...c.commands])])
    command.exitOverride();
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const text = error instanceof Error ? error.message : String(error);
    const stack = process.env.LA_SSL_DEBUG && error instanceof Error ? `\n${error.stack}` : '';
    process.stderr.write(`\nla-ssl: ${text}${stack}\n`);
    return 1;
  }
}

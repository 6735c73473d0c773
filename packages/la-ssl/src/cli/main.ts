/** @file The command `la-ssl`: one file a command, each parses, calls and prints. */
import { Command, CommanderError } from 'commander';
import { version } from '../version.js';
import { dataCommand } from './data.js';
import { demoCommand } from './demo.js';
import { embedCommand } from './embed.js';
import { exportCommand } from './export.js';
import { finetuneCommand } from './finetune.js';
import { UsageError } from './options.js';
import { probeCommand } from './probe.js';
import { proxyCommand } from './proxy.js';
import { reportCommand } from './report.js';
import { runsCommand } from './runs.js';
import { scoreCommand } from './score.js';
import { studyCommand } from './study.js';
import { trainCommand } from './train.js';

/** The whole command line, for `main` and for tests of its help. */
export function createProgram(): Command {
  const program = new Command('la-ssl')
    .description(
      'Learning-speed aware self-supervised learning: pretrain image encoders without labels so that they do ' +
        'not lean on spurious correlations, and see which groups and examples are learned last.',
    )
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .addHelpText(
      'after',
      '\nEvery command has --help with examples. Errors say what to do; LA_SSL_DEBUG=1 adds stacks.',
    );
  const commands = [
    demoCommand(),
    dataCommand(),
    trainCommand(),
    probeCommand(),
    finetuneCommand(),
    scoreCommand(),
    proxyCommand(),
    reportCommand(),
    studyCommand(),
    runsCommand(),
    exportCommand(),
    embedCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  settle(program);
  return program;
}

/** Gives the commands below one its settings, and makes each throw where it would end the process. */
function settle(command: Command): void {
  command.exitOverride();
  for (const below of command.commands) settle(below.copyInheritedSettings(command));
}

/** The reader of the output has enough, as `head` does. */
function endAtClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

/** Runs a command line. @returns the exit status: 0, 1 for a failure, 2 for wrong usage, 130 when interrupted */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.off('error', endAtClosedPipe).on('error', endAtClosedPipe);
  try {
    await createProgram().parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Error && error.name === 'AbortError') return 130; // said so when it was asked to stop
    const text = error instanceof Error ? error.message : String(error);
    const stack = process.env.LA_SSL_DEBUG && error instanceof Error ? `\n${error.stack}` : '';
    process.stderr.write(`\nla-ssl: ${text}${stack}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

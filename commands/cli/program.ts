import { Command, CommanderError } from "commander";

import packageJson from "../../package.json" with { type: "json" };

const { version } = packageJson;
import { EXIT_CODES, exitCodeOf, messageOf } from "./errors.ts";
import type { About, Verb } from "./verb.ts";
import type { OptionSpecs } from "./options.ts";

/** Verbs with their summaries, by the titles of their groups. */
type Summaries = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Runs `scpcloud` to its exit code.
 * @param name what was typed for a verb
 * @param verb undefined where there is none of that name
 */
export async function runProgram(
  args: readonly string[],
  summaries: Summaries,
  name: string,
  verb: Verb | undefined,
): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) {
    // A reader that has seen enough, such as head, is no fault, nor is a terminal that is closed.
    stream.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : EXIT_CODES.failed));
  }
  let exitCode = 0;
  const program = new Command("scpcloud")
    .description("Looks at, changes and repairs what pulumi up has declared in Keycloak.")
    .usage("VERB [OPTIONS]")
    .version(version, "--version")
    .helpCommand(false)
    .addHelpText("after", "\nFor a verb: scpcloud VERB --help. First of all: scpcloud doctor --stack prod")
    .exitOverride()
    // Told below, in one line.
    .configureOutput({ outputError: () => undefined });
  // Its help is to fit a terminal of 24 lines.
  program.addHelpOption(program.createOption("-h, --help").hideHelp());
  program.options.forEach((option) => option.hideHelp());
  for (const [group, verbs] of Object.entries(summaries)) {
    for (const [one, summary] of Object.entries(verbs)) {
      const command = program.command(one).helpGroup(group).summary(summary).usage("[OPTIONS]");
      command.helpOption("-h, --help", "show this text");
      if (one === name && verb !== undefined) {
        const run = describe(command, name, verb);
        command.action(async () => void (exitCode = await run()));
      }
    }
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return 0;
    }
    const isUsage = error instanceof CommanderError;
    const message = isUsage ? usageMessage(error, verb && name) : messageOf(error);
    console.error(message);
    if (args.includes("--json")) {
      console.log(JSON.stringify({ error: message }, undefined, 2));
    }
    return isUsage ? EXIT_CODES.usage : exitCodeOf(error);
  }
}

function describe(command: Command, name: string, { about, declare: declareOptions }: Verb): () => Promise<number> {
  command.description(`${about.purpose}\n\nChanges: ${about.changes}`).addHelpText("after", footer(name, about));
  return declareOptions(command);
}

function footer(name: string, { examples, fine, found }: About<OptionSpecs>): string {
  const codes = [
    `  0  ${fine}`,
    "  1  it could not be found out or done",
    "  2  it was called wrongly",
    ...(found === undefined ? [] : [`  ${EXIT_CODES.found}  ${found}`]),
  ];
  const lines = examples.flatMap(([args, does]) => [`  scpcloud ${name} ${args}`, `      ${does}`]);
  return ["", "Examples:", ...lines, "", "Exit codes:", ...codes].join("\n");
}

/** In one line, with the nearest word where the library has one. */
function usageMessage({ message }: CommanderError, verb: string | undefined): string {
  const [first = "", ...others] = message.replace(/^error: /, "").split("\n");
  const asked = verb === undefined ? "scpcloud --help" : `scpcloud ${verb} --help`;
  return `${[first, ...others].join(" ").replace(/\.$/, "")}; see ${asked}`;
}

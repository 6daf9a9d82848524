import { runProgram } from "./cli/program.ts";
import { loadVerb, VERBS } from "./verbs.ts";

const [first = "help", ...others] = process.argv.slice(2);
const args = first === "help" ? [...others, "--help"] : [first, ...others];
const [name = ""] = args;

process.exitCode = await runProgram(args, VERBS, name, loadVerb(name));

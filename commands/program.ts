import { runProgram } from "./cli/program";
import { loadVerb, VERBS } from "./verbs";

const [first = "help", ...others] = process.argv.slice(2);
const args = first === "help" ? [...others, "--help"] : [first, ...others];
const [name = ""] = args;

void runProgram(args, VERBS, name, loadVerb(name)).then((exitCode) => (process.exitCode = exitCode));

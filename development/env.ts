import { resolve } from "node:path";

import { runToExitCode } from "../processes/program.ts";
import { shellExports } from "./environment.ts";
import { ensureDevelopment } from "./setup.ts";

// Only the exports may stand on standard output, which a shell evaluates.
runToExitCode(async () => {
  const { variables, pathEntries } = await ensureDevelopment((line) => console.error(line));
  // The folder of this checkout has one program, scpcloud.
  console.log(shellExports(variables, [...pathEntries, resolve(import.meta.dirname, "..")]));
});

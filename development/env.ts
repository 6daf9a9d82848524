import { resolve } from "node:path";

import { shellExports } from "./environment.ts";
import { ensureDevelopment, runToExitCode } from "./setup.ts";

// Only the exports may stand on standard output, which a shell evaluates.
runToExitCode(async () => {
  const { variables, pathEntries } = await ensureDevelopment((line) => console.error(line));
  // The folder of this checkout has one program, scpcloud.
  console.log(shellExports(variables, [...pathEntries, resolve(import.meta.dirname, "..")]));
  return 0;
});

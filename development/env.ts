import { resolve } from "node:path";

import { shellExports } from "./environment";
import { ensureDevelopment, runToExitCode } from "./setup";

// Only the exports may stand on standard output, which a shell evaluates.
runToExitCode(async () => {
  const { variables, pathEntries } = await ensureDevelopment((line) => console.error(line));
  // The folder of this checkout has one program, scpcloud.
  console.log(shellExports(variables, [...pathEntries, resolve(__dirname, "..")]));
  return 0;
});

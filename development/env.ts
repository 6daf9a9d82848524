import { shellExports } from "./environment";
import { ensureDevelopment, runToExitCode } from "./setup";

// Only the exports may stand on standard output, which a shell evaluates.
runToExitCode(async () => {
  const { variables, pathEntries } = await ensureDevelopment((line) => console.error(line));
  console.log(shellExports(variables, pathEntries));
  return 0;
});

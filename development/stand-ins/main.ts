import { startApi } from "./api.ts";
import { startBff } from "./bff.ts";
import { EnvironmentError } from "./environment.ts";
import { reasonOf } from "./service.ts";

// Runs one of the two as a process. A container's first process has to handle signals itself.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => process.exit(0));
}
const start = process.argv[2] === "bff" ? startBff : startApi;
start(process.env).catch((error: unknown) => {
  console.error(error instanceof EnvironmentError ? error.message : `cannot start: ${reasonOf(error)}`);
  process.exit(1);
});

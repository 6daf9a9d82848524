import { reasonOf } from "./client";
import { type Environment, EnvironmentError } from "./environmentReader";
import type { Service } from "./httpService";

/** Runs a service as a process until a signal ends it; a container's first process has to handle signals itself. */
export function runService(start: (environment: Environment) => Promise<Service>): void {
  let service: Service | undefined;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      void service?.close();
      process.exit(0);
    });
  }
  start(process.env).then(
    (started) => {
      service = started;
    },
    (error: unknown) => {
      const reason = error instanceof EnvironmentError ? error.message : `cannot start: ${reasonOf(error)}`;
      process.stderr.write(`${reason}\n`);
      process.exit(1);
    },
  );
}

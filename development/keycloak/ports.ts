import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const LOOPBACK = "127.0.0.1";

/** Refuses a port that another program holds: Keycloak would notice only after a quarter of a minute. */
export function assertPortIsFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const listener = createServer();
    listener.on("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new Error(portInUse(port)) : error),
    );
    listener.listen(port, LOOPBACK, () => listener.close(() => resolve()));
  });
}

/** What to tell the user about a port that is taken. */
export function portInUse(port: number): string {
  return (
    `Port ${port} is held by another program, and Keycloak needs it. ` +
    `"lsof -nP -iTCP:${port} -sTCP:LISTEN" or "ss -ltnp 'sport = :${port}'" says which one; stop it and run the command again.`
  );
}

/**
 * A free port that is still free when a container or a server is started on it, minutes later or again: it lies below
 * those that the system gives to whoever asks for any, such as each connection of whatever runs meanwhile.
 */
export async function lastingPort(): Promise<number> {
  const port = randomInt(20_000, 28_000);
  const isFree = await assertPortIsFree(port).then(
    () => true,
    () => false,
  );
  return isFree ? port : lastingPort();
}

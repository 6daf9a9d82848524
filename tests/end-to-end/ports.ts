import { randomInt } from "node:crypto";

import { assertPortIsFree } from "../../development/keycloak/ports";

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

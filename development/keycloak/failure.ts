import { readFile } from "node:fs/promises";

import { withoutSecrets } from "../../faults/faults.ts";
import type { ServerHome } from "./home.ts";
import { portInUse } from "./ports.ts";
import type { RealmImport } from "./realmImport.ts";

const LAST_LINES = 25;

/** Why a server did not start: the usual cause in a clear word, then the end of its log, without secrets. */
export async function describeFailure(
  home: ServerHome,
  outcome: "ended" | "late",
  port: number,
  secrets: readonly string[],
): Promise<Error> {
  const log = withoutSecrets(await readFile(home.logFile, "utf8").catch(() => ""), secrets);
  const what = outcome === "ended" ? "Keycloak ended while it was starting." : "Keycloak did not become ready in time.";
  const end = log.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  return new Error([what, ...likelyCause(log, port), `The end of ${home.logFile}:`, end].join("\n"));
}

/** The secrets in a realm import file. */
export function secretsOf(realm: RealmImport): string[] {
  const passwords = realm.users.flatMap((user) => user.credentials ?? []).map((credential) => credential.value);
  return [...passwords, ...realm.clients.flatMap((client) => client.secret ?? [])];
}

function likelyCause(log: string, port: number): string[] {
  if (/Database may be already in use/.test(log)) {
    return ["Its database is in use: another Keycloak runs on the same directory. Stop that one first."];
  }
  if (/already bound|Address already in use|seems to be in use/i.test(log)) return [portInUse(port)];
  if (/OutOfMemoryError|Could not reserve enough space|Cannot allocate memory/.test(log)) {
    return ["It ran out of memory: it needs about 1 GB."];
  }
  if (/No space left on device/.test(log)) return ["The disk is full."];
  if (/UnsupportedClassVersionError/.test(log)) return ["The Java version is too old for it; Java 17 is needed."];
  return [];
}

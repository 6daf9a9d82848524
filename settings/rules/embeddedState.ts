import type { Fault } from "../../faults/faults.ts";

/** Where `make up` keeps the state (development/environment.ts), by its URL. */
export function isEmbeddedState(backendUrl = ""): boolean {
  return /^file:\/\/.*\/\.local\/state[^/]*\/?$/.test(backendUrl);
}

/** What to do where another stack than dev is about to be kept there. */
export const LEAVE_EMBEDDED_STATE =
  'open a new terminal, without eval "$(make env)", and log in there to the backend of this stack; what was encrypted ' +
  "here is readable to everybody, so set the secrets of its stack file anew (docs/state.md)";

/** Pulumi takes the variable before its own login, of which it only warns. */
export function embeddedStateFaults(
  stack: string,
  { PULUMI_BACKEND_URL: url }: Readonly<Record<string, string | undefined>>,
): Fault[] {
  return stack === "dev" || !isEmbeddedState(url)
    ? []
    : [
        {
          key: "PULUMI_BACKEND_URL",
          rule: "must not be the state of the embedded Keycloak, but for the stack dev",
          reason:
            "whoever starts the embedded Keycloak afresh deletes that state, and its passphrase is empty; " +
            'eval "$(make env)" has set it, and pulumi login does not change it',
          value: url ?? "",
          remedy: LEAVE_EMBEDDED_STATE,
        },
      ];
}

/** What helps where the CLI's own words leave the reader alone: tried with 3.276. */
const REMEDIES: readonly (readonly [words: RegExp, remedy: string])[] = [
  [
    /PULUMI_ACCESS_TOKEN must be set|requires logging in/,
    'tell Pulumi where the state is: for the stack dev run eval "$(make env)", for another one pulumi login ' +
      "(docs/state.md). scpcloud review --base REVISION needs no state: say --stack NAME",
  ],
  [
    /passphrase must be set/,
    'export the stack\'s passphrase as PULUMI_CONFIG_PASSPHRASE; for the stack dev: eval "$(make env)"',
  ],
  [
    /incorrect passphrase/,
    "export the stack's own passphrase as PULUMI_CONFIG_PASSPHRASE. If it is right, somebody has changed the salt: " +
      "take encryptionsalt of the stack file from git, or the state from its backup (docs/troubleshooting.md)",
  ],
  [
    /message authentication failed/,
    "a secret was damaged, or the salt that it was encrypted with was changed or removed: take the stack file from git, " +
      "or the state from its backup (docs/troubleshooting.md)",
  ],
  [
    /State version \d+ is greater than schema version/,
    "the last up used a newer Keycloak plugin than this one: use that one again, or take its __meta out of the state. " +
      "docs/troubleshooting.md has the commands",
  ],
  [/no space left on device/, "free some space on that disk, then run: scpcloud recover --stack NAME"],
  [
    /unexpected end of JSON input|unexpected EOF|checkpoint: EOF/,
    "a state was left half written; run: scpcloud recover --stack NAME",
  ],
];

export function remedyFor(output: string): string | undefined {
  return REMEDIES.find(([words]) => words.test(output))?.[1];
}

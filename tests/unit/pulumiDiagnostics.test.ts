import { diagnosticsOf } from "../../commands/pulumi/pulumiCli";

const REASON = "error initializing keycloak provider: 401 Unauthorized";

describe("what the Pulumi CLI says of a failure", () => {
  test.each([
    [
      "a preview as JSON",
      JSON.stringify({
        steps: [],
        diagnostics: [1, 2, 3].map(() => ({ severity: "error", message: `<{%reset%}>error: ${REASON}<{%reset%}>\n` })),
      }),
    ],
    ["lines with error:", [1, 2, 3].map(() => `error: ${REASON}\n`).join("")],
    [
      "diagnostics",
      `Diagnostics:\n${[1, 2, 3].map((index) => `  keycloak:Client (client-${index}):\n    error: ${REASON}\n`).join("\n")}`,
    ],
  ])("has one cause once, however many resources it is told of: %s", (_, output) => {
    expect(diagnosticsOf(output).filter((line) => line.includes(REASON))).toHaveLength(1);
  });
});

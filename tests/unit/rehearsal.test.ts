import { Command } from "commander";

import { UsageError } from "../../commands/cli/errors.ts";
import type { DriftReport } from "../../commands/drift/report.ts";
import rehearse from "../../commands/rehearse/command.ts";
import {
  differs,
  linesOf,
  newRoles,
  rehearsalText,
  type RehearsalReport,
} from "../../commands/rehearse/rehearsalReport.ts";
import { sampleOf } from "../../commands/rehearse/sample.ts";
import { changedTokens } from "../../commands/rehearse/rehearsedTokens.ts";
import type { IntegrationSettings } from "../../settings/settings.ts";

test.each([
  ["--from latest", '--from "latest" is no version of Keycloak.'],
  ["--to 26", '--to "26" is no version of Keycloak.'],
  ["--from 26.0.1", "cannot be rehearsed: before 26.1.0"],
  ["--from 26.7.3 --to 26.5.0", "must be older than --to 26.5.0"],
  ["--sample 0", "--sample must be a whole number"],
])("a rehearsal is called wrongly by: %s", async (args, message) => {
  const command = new Command();
  const run = rehearse.declare(command);
  command.parse(["--stack", "prod", ...args.split(" ")], { from: "user" });
  const error: unknown = await run().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect(String(error)).toContain(message);
});

describe("the sample of a rehearsal", () => {
  test("has some customers of each kind, in the order of the stack file", () => {
    const kinds = [{}, {}, {}, { organization: { id: "1" } }, { retired: true }];
    const customers = kinds.map((kind, index): IntegrationSettings => {
      const name = "abcde".charAt(index);
      return { clientId: name, name, organization: { user: name }, retired: false, sharedOrganization: false, ...kind };
    });

    expect(sampleOf(customers, 4).map(({ clientId }) => clientId)).toEqual(["a", "b", "d", "e"]);
    expect(sampleOf(customers, Infinity)).toEqual(customers);
  });
});

describe("the tokens of two servers", () => {
  const token = { aud: "scpCloud", exp: 1300, iat: 1000, jti: "1", sub: "x" };

  test("are alike but for the time, the id and the caller's address", () => {
    expect(changedTokens({ a: token }, { a: { ...token, exp: 2301, iat: 2000, jti: "trrtcc:2" } })).toEqual([]);
  });

  test("differ by a claim that is gone, new or another one, by the lifespan, and by a refusal", () => {
    const before = { a: token, b: token, c: token, d: undefined, e: undefined };
    const after = {
      a: { exp: 1600, iat: 1000, jti: "1", sub: "x", acr: "1" },
      b: { ...token, sub: "y" },
      c: undefined,
      d: token,
      e: undefined,
    };

    expect(changedTokens(before, after)).toEqual([
      { sentence: "the lifespan is 600 s; it was 300 s", clientIds: ["a"] },
      { sentence: 'the claim acr is new: "1"', clientIds: ["a"] },
      { sentence: 'the claim aud is gone; it was "scpCloud"', clientIds: ["a"] },
      { sentence: 'the claim sub is "y"; it was "x"', clientIds: ["b"] },
      { sentence: "no token is issued any more", clientIds: ["c"] },
      { sentence: "a token is issued, which was refused before", clientIds: ["d"] },
    ]);
  });
});

describe("the roles that an upgrade asks for", () => {
  test("are manage-realm for up from 26.8.2 on, and none before", () => {
    expect(newRoles("26.7.3", "26.8.2")).toEqual(["up needs manage-realm, which it does not on 26.7.3"]);
    expect(newRoles("26.1.4", "26.7.3")).toEqual([]);
  });
});

describe("the report of a rehearsal", () => {
  test("takes over what drift found out, each token's difference with the customers that have it", () => {
    const found: DriftReport = {
      stack: "rehearsal",
      drift: true,
      findings: [],
      following: ["acme-client"],
      tokens: {
        checked: 2,
        skipped: [],
        differences: [
          { customers: [], difference: "another issuer" },
          { customers: ["a", "b"], difference: "claim sub is missing" },
        ],
      },
      hiddenSecrets: [],
      unfinishedRotations: [],
      policies: [],
      pending: ["a: update client (name)"],
    };

    expect(linesOf(found)).toEqual({
      contract: ["another issuer", "a, b: claim sub is missing"],
      drift: ["up would change acme-client", "up would now: a: update client (name)"],
    });
  });

  test("names tokens, contract, drift and a refusal, each only where there is something", () => {
    const report: RehearsalReport = {
      stack: "prod",
      from: "26.1.4",
      to: "26.7.3",
      customers: 20,
      customersOfStack: 1000,
      contract: [],
      rights: [],
      tokens: [{ sentence: "no token is issued any more", clientIds: ["a", "b", "c", "d", "e"] }],
      drift: ["someone deleted the client scope scpCloud"],
      refusal: "1 fault in the stack's configuration",
    };

    expect(differs(report)).toBe(true);
    expect(rehearsalText(report)).toMatchInlineSnapshot(`
     "✗ prod: Keycloak 26.1.4 → 26.7.3: something differs for 20 customers (a sample of 1000)

     Tokens:

     - no token is issued any more (a, b, c and 2 more)

     drift says on the new version:

     - someone deleted the client scope scpCloud

     A preview would be refused on the new version:

     1 fault in the stack's configuration"
    `);
  });
});

import { isDeepStrictEqual } from "node:util";

import fc from "fast-check";

import { tokenContract } from "../../contract/tokenContract.ts";
import { readSettings } from "../../settings/read.ts";
import { validConfiguration } from "./arbitraries.ts";
import { configuration, MINIMAL } from "./configuration.ts";
import { headline, review } from "./reviewConfiguration.ts";

describe("for any two valid stack files", () => {
  const settingsOf = (values: Readonly<Record<string, unknown>>) =>
    readSettings(configuration(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))));

  test("one compared with itself changes nothing", () => {
    fc.assert(
      fc.property(validConfiguration, ({ values }) => {
        const { changes, otherChanges } = review(values, values);
        expect(headline(values, values)).toBe("no token changes");
        expect([otherChanges, changes?.changed, changes?.changedForAll]).toEqual([[], [], []]);
      }),
      { numRuns: 30 },
    );
  });

  test("each customer's changes are those of the contract that verify holds tokens to", () => {
    fc.assert(
      fc.property(validConfiguration, validConfiguration, (first, second) => {
        // The same customers, some of the first's settings.
        const values = { ...second.values, "scpcloud:integrations": first.values["scpcloud:integrations"] };
        const forbidden = {
          "scpcloud:forbiddenOrganizationIds": undefined,
          "scpcloud:forbiddenOrganizationUsers": undefined,
        };
        const [before, after] = [
          { ...first.values, ...forbidden },
          { ...values, ...forbidden },
        ];
        const { changes, faults } = review(before, after);
        fc.pre(faults.head === undefined);
        const [base, head] = [settingsOf(before), settingsOf(after)];
        for (const integration of head.integrations.filter(({ retired }) => !retired)) {
          const own = changes?.changed.find(({ clientIds }) => clientIds.includes(integration.clientId))?.changes ?? [];
          const { clientId, organization } = integration;
          const organizationId = JSON.stringify(organization);
          const [old, now] = [base, head].map((settings) => tokenContract(settings, { clientId, organizationId }));
          const claims = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])].sort();
          expect([...(changes?.changedForAll ?? []), ...own].map(({ claim }) => claim).sort()).toEqual(
            claims.filter((claim) => !isDeepStrictEqual(old?.[claim], now?.[claim])),
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  test("the minimal one is valid, so that the others are what they seem", () => {
    expect(review(MINIMAL, MINIMAL).faults).toEqual({});
  });
});

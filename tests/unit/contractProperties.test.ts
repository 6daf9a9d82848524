import fc from "fast-check";

import { tokenContract } from "../../contract/tokenContract.ts";
import type { Claims, Json } from "../../contract/tokenContract.ts";
import { type ClaimResult, compareClaims } from "../../contract/compareClaims.ts";
import { validConfiguration } from "./arbitraries.ts";

const NOW = 1_800_000_000;

/** A contract with a token that meets it. */
const met = fc
  .record({ configuration: validConfiguration, organizationId: fc.uuid(), user: fc.uuid(), isUserKnown: fc.boolean() })
  .map(({ configuration: { settings }, organizationId, user, isUserKnown }) => {
    const clientId = settings.integrations[0]?.clientId ?? "";
    const contract = tokenContract(settings, {
      clientId,
      organizationId,
      ...(isUserKnown ? { serviceAccountUserId: user } : {}),
    });
    const forms: Claims = { clientAddress: "10.0.0.1", clientHost: "10.0.0.1", jti: "x", sub: user };
    const claims = Object.entries(contract).map(([claim, expectation]): [string, Json] => {
      switch (expectation.kind) {
        case "value":
          return [claim, expectation.value];
        case "form":
          return [claim, forms[claim] ?? ""];
        case "issuedAt":
          return [claim, NOW];
        case "lifespan":
          return [claim, NOW + expectation.seconds];
      }
    });
    return { contract, claims: Object.fromEntries(claims) };
  });

const mistakes = (results: readonly ClaimResult[]) =>
  results.filter(({ verdict }) => verdict !== "equal").map(({ claim, verdict }) => `${claim} ${verdict}`);

/** The lifespan is counted from the time of issue: whatever is wrong with that one spoils it, too. */
const withExpiry = (claim: string, verdict: string) => [
  ...(claim === "iat" ? ["exp different"] : []),
  `${claim} ${verdict}`,
];

const withClaim = met.chain((one) => fc.constantFrom(...Object.keys(one.claims)).map((claim) => ({ ...one, claim })));

test("a token that meets its contract has only equal claims", () => {
  fc.assert(
    fc.property(met, ({ contract, claims }) => {
      expect(mistakes(compareClaims(contract, claims, NOW))).toEqual([]);
    }),
  );
});

test("any claim that is removed is missing, and nothing else is wrong", () => {
  fc.assert(
    fc.property(withClaim, ({ contract, claims, claim }) => {
      const rest = Object.fromEntries(Object.entries(claims).filter(([name]) => name !== claim));
      expect(mistakes(compareClaims(contract, rest, NOW))).toEqual(withExpiry(claim, "missing"));
    }),
  );
});

test("any claim that is added is unexpected, and nothing else is wrong", () => {
  const names = fc.oneof(fc.string(), fc.constantFrom("realm_access", "email", "__proto__", "constructor", "toString"));
  fc.assert(
    fc.property(met, names, fc.jsonValue(), ({ contract, claims }, name, value) => {
      fc.pre(!Object.hasOwn(contract, name));
      const more = Object.fromEntries([...Object.entries(claims), [name, value as Json]]);
      expect(mistakes(compareClaims(contract, more, NOW))).toEqual([`${name} unexpected`]);
    }),
  );
});

test("any claim that is changed is different, and nothing else is wrong", () => {
  const changes: ((value: Json) => Json)[] = [
    (value) => [value],
    () => null,
    () => ({}),
    (value) => (typeof value === "number" ? value + 31 : `${JSON.stringify(value)} `),
    (value) => (typeof value === "string" ? `${value} ` : JSON.stringify(value)),
    (value) => (Array.isArray(value) ? [...(value as Json[]), "more"] : false),
  ];
  fc.assert(
    fc.property(withClaim, fc.constantFrom(...changes), ({ contract, claims, claim }, change) => {
      const changed = { ...claims, [claim]: change(claims[claim] ?? null) };
      expect(mistakes(compareClaims(contract, changed, NOW))).toEqual(withExpiry(claim, "different"));
    }),
    { numRuns: 300 },
  );
});

test("contracts of different customers differ in what identifies the customer", () => {
  fc.assert(
    fc.property(validConfiguration, fc.uuid(), fc.uuid(), ({ settings }, one, other) => {
      fc.pre(one !== other);
      const contract = (organizationId: string, clientId: string) =>
        tokenContract(settings, { organizationId, clientId });
      const differing = Object.entries(contract(one, "a")).filter(
        ([claim, expectation]) => JSON.stringify(expectation) !== JSON.stringify(contract(other, "b")[claim]),
      );
      expect(differing.map(([claim]) => claim).sort()).toEqual(["azp", "client_id", "organizationId"]);
    }),
  );
});

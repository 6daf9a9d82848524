import { adviceOnSize } from "../../settings/rules/size.ts";
import type { IntegrationSettings } from "../../settings/settings.ts";
import { accepted, configuration, keyAndRule, refusal, withIntegrations } from "./configuration.ts";

/** A configuration whose variable, as Pulumi hands it out, has so many bytes; no value has what Go would write otherwise. */
function ofBytes(bytes: number) {
  const { values } = configuration({ "pulumi:tags": "" });
  const filler = "x".repeat(bytes - Buffer.byteLength(`PULUMI_CONFIG=${JSON.stringify(values)}\0`));
  return configuration({ "pulumi:tags": filler });
}

test.each([
  [200, undefined],
  [201, "This stack has 201 customers. Above 200, several stacks on one realm are faster: see docs/many-customers.md."],
])("%d customers are told what helps many", (count, advice) => {
  expect(adviceOnSize({ integrations: Array.from({ length: count }, () => ({}) as IntegrationSettings) })).toBe(advice);
});

describe("a configuration that Linux does not hand to the program", () => {
  test("has one byte more than what it does hand, of its own file: what it has from its realm stack is not handed over", () => {
    const source = ofBytes(131_073);
    accepted(ofBytes(131_072));
    expect(refusal(source).message).toContain("  Found: 131,073 bytes in all, of which this key has 13");
    accepted({ ...source, ownValues: { ...source.values, "pulumi:tags": "" } });
  });

  test("is told by its largest key", () => {
    const customers = Array.from({ length: 4_000 }, (_, index) => [`c${index}`, { organizationUser: `u${index}` }]);
    const [key, rule] = keyAndRule(withIntegrations(Object.fromEntries(customers)));
    expect([key, rule]).toEqual(["scpcloud:integrations", expect.stringMatching(/^must be shorter/)]);
  });

  test("counts what Go spells out with six bytes", () => {
    accepted(configuration({ "pulumi:tags": "x".repeat(30_000) }));
    expect(refusal(configuration({ "pulumi:tags": "&".repeat(30_000) })).message).toContain("bytes in all");
  });
});

import type { IntegrationSettings } from "../../settings/settings.ts";
import { adviceOnSize } from "../../settings/size.ts";
import { accepted, configuration, onlyFault, withIntegrations, keyAndRule } from "./configuration.ts";

/** The variable that Pulumi hands out, as Go writes it; here no value has what Go would write otherwise. */
const bytesOf = (values: object) => Buffer.byteLength(`PULUMI_CONFIG=${JSON.stringify(values)}\0`);

/** A configuration whose variable has so many bytes. */
function ofBytes(bytes: number) {
  const withFiller = (filler: string) => configuration({ "pulumi:tags": filler });
  return withFiller("x".repeat(bytes - bytesOf(withFiller("").values)));
}

test.each([
  [200, undefined],
  [201, "This stack has 201 customers. Above 200, several stacks on one realm are faster: see docs/many-customers.md."],
])("%d customers are told what helps many", (count, advice) => {
  expect(adviceOnSize({ integrations: Array.from({ length: count }, () => ({}) as IntegrationSettings) })).toBe(advice);
});

describe("a configuration that Linux does not hand to the program", () => {
  test("has one byte more than what it does hand", () => {
    expect(accepted(ofBytes(131_072)).realm).toBe("ScpCloud");
    expect(onlyFault(ofBytes(131_073))).toContain("  Found: 131,073 bytes in all, of which this key has 13");
  });

  test("is told by its largest key, with what to do", () => {
    const customers = Array.from({ length: 2_000 }, (_, index) => [
      `customer-${index}`,
      { organizationUser: `user-${index}`, name: `The customer number ${index}` },
    ]);
    const source = withIntegrations(Object.fromEntries(customers));
    expect(keyAndRule(source)).toEqual([
      "scpcloud:integrations",
      "must be shorter: the whole configuration of a stack must have at most 131,072 bytes",
    ]);
  });

  test("is that of the stack's own file: what it has from its realm stack is not handed over", () => {
    const source = ofBytes(131_073);
    expect(accepted({ ...source, ownValues: { ...source.values, "pulumi:tags": "" } }).realm).toBe("ScpCloud");
  });

  test("counts what Go spells out with six bytes", () => {
    const host = (letter: string) => configuration({ "pulumi:tags": letter.repeat(30_000) });
    expect(accepted(host("x")).realm).toBe("ScpCloud");
    expect(onlyFault(host("&"))).toContain("bytes in all");
  });
});

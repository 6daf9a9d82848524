import { customersTable } from "../../commands/customers/customersTable";
import { listCustomers } from "../../commands/customers/customerList";
import { tokenChanges } from "../../commands/review/claimsDiff";
import { checkResolvedOrganizations } from "../../lookups/organizations";
import { accepted, ID, onlyFault, withIntegrations } from "./configuration";
import { fakeAdmin } from "./fakePulumi";

const ACME = { organizationUser: "anna" };
const PAIR = accepted(withIntegrations({ acme: ACME, "acme-2": { successorOf: "acme" } }));

describe("a second client of a customer", () => {
  test("has the organization of the first, and neither has to say that it is shared", () => {
    expect(PAIR.integrations).toMatchObject([
      { clientId: "acme", organization: { user: "anna" } },
      { clientId: "acme-2", organization: { user: "anna" }, successorOf: "acme" },
    ]);
    const resolved = PAIR.integrations.map((integration) => ({ ...integration, organizationId: ID }));
    expect(checkResolvedOrganizations(resolved, PAIR)).toEqual([]);
  });

  test("does not hide that a third customer has the same organization", () => {
    const settings = accepted(
      withIntegrations({ acme: ACME, "acme-2": { successorOf: "acme" }, globex: { organizationId: ID } }),
    );
    const resolved = settings.integrations.map((integration) => ({ ...integration, organizationId: ID }));
    expect(checkResolvedOrganizations(resolved, settings).map(({ key }) => key)).toEqual([
      "scpcloud:integrations.acme",
      "scpcloud:integrations.globex",
    ]);
  });

  test.each([
    [
      "another organization",
      { acme: ACME, b: { successorOf: "acme", organizationUser: "bo" } },
      "must not stand beside",
    ],
    ["nobody of the stack", { acme: ACME, b: { successorOf: "gone" } }, "must be the client id of another customer"],
    ["itself", { acme: ACME, b: { successorOf: "b" } }, "must be the client id of another customer"],
    [
      "a successor",
      { acme: ACME, b: { successorOf: "acme" }, c: { successorOf: "b" } },
      "must not be a successor itself",
    ],
  ])("cannot succeed %s", (_, integrations, rule) => {
    expect(onlyFault(withIntegrations(integrations))).toMatch(
      new RegExp(`^scpcloud:integrations\\.[bc]\\.successorOf\\n  ${rule}`),
    );
  });

  test("is told as that by the claims review and by customers", async () => {
    const before = accepted(withIntegrations({ acme: ACME }));
    expect(tokenChanges(before, PAIR).added).toMatchObject([{ clientId: "acme-2", successorOf: "acme" }]);
    const customers = await listCustomers(PAIR, {}, fakeAdmin({}), {}, new Date());
    expect(customers.map(({ successorOf }) => successorOf)).toEqual([undefined, "acme"]);
    expect(customersTable(customers)).toContain("successor of");
  });

  test("keeps its organization when it takes the place of the first", () => {
    const alone = accepted(withIntegrations({ "acme-2": ACME }));
    expect(tokenChanges(PAIR, alone)).toMatchObject({ existing: ["acme-2"], changed: [], changedForAll: [] });
  });
});

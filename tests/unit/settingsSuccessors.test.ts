import { customersTable } from "../../commands/customers/customersTable.ts";
import { listCustomers } from "../../commands/customers/customerList.ts";
import { tokenChanges } from "../../commands/review/claimsDiff.ts";
import { accepted, withIntegrations } from "./configuration.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const ACME = { organizationUser: "anna" };
const PAIR = accepted(withIntegrations({ acme: ACME, "acme-2": { successorOf: "acme" } }));

describe("a second client of a customer", () => {
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

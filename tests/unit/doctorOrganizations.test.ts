import { checkOrganizations } from "../../commands/doctor/organizationIds";
import type { KeycloakAdmin } from "../../keycloak/admin";
import type { IntegrationSettings } from "../../settings/settings";

const customer = (clientId: string, organization: IntegrationSettings["organization"]): IntegrationSettings => ({
  clientId,
  name: clientId,
  organization,
  retired: false,
  sharedOrganization: false,
});

/** A server with these users, which counts what it is asked. */
function serverWith(...ids: readonly string[]) {
  const asked: string[] = [];
  const admin: KeycloakAdmin = {
    get(path) {
      asked.push(path);
      const search = new URL(path, "https://keycloak.example.com").searchParams.get("search") ?? "";
      const wanted = search.replace(/^id:/, "").split(" ");
      return Promise.resolve(ids.filter((id) => wanted.includes(id)).map((id) => ({ id, username: id })));
    },
  };
  return { admin, asked };
}

const VIEWER = ["view-users"];
const manyCustomers = (count: number) =>
  Array.from({ length: count }, (_, index) => customer(`c${index}`, { id: `id-${index}` }));

const check = (admin: KeycloakAdmin, integrations: readonly IntegrationSettings[], roles?: readonly string[]) =>
  checkOrganizations(admin, roles, { realm: "ScpCloud", integrations });

describe("the check of organizations that are given by their ids", () => {
  test("warns of those that are no user's, by their customers", async () => {
    const { admin } = serverWith("id-0");
    expect(await check(admin, [...manyCustomers(3), customer("named", { user: "anna" })], VIEWER)).toEqual([
      expect.objectContaining({
        outcome: "warning",
        found: "no user of realm ScpCloud has the organizationId of c1, c2",
        prevents: [],
      }),
    ]);
  });

  test("is satisfied where each is a user's, and asks for several at once", async () => {
    const { admin, asked } = serverWith(...manyCustomers(25).map((_, index) => `id-${index}`));
    expect(await check(admin, manyCustomers(25), ["manage-users"])).toMatchObject([{ outcome: "right" }]);
    expect(asked).toHaveLength(3);
  });

  test("names ten of many", async () => {
    const [found] = await check(serverWith().admin, manyCustomers(12), VIEWER);
    expect(found?.found).toMatch(/ of c0, c1, .*, c9 and 2 more$/);
  });

  test.each([[["manage-clients", "query-users"]], [undefined]])(
    "asks nothing where the deployer may not see users: %j",
    async (roles) => {
      const { admin, asked } = serverWith();
      expect(await check(admin, manyCustomers(1), roles)).toMatchObject([{ outcome: "unknown" }]);
      expect(asked).toEqual([]);
    },
  );

  test("is none where all customers name a user", async () => {
    expect(await check(serverWith().admin, [customer("acme", { user: "anna" })], VIEWER)).toEqual([]);
  });
});

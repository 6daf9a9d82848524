import { formatFaults } from "../../faults/faults.ts";
import { loginAsDeployer } from "../../keycloak/admin.ts";
import type { KeycloakConnection } from "../../keycloak/http.ts";
import { serviceAccountFaults } from "../../lookups/users.ts";
import { accepted, withIntegrations } from "./configuration.ts";

const SETTINGS = accepted(withIntegrations({ acme: { organizationUser: "anna" }, globex: { organizationUser: "bo" } }));
const faultsWhere = async (body: unknown, status = 200) => {
  const keycloak = { request: () => Promise.resolve({ status, body }) } as unknown as KeycloakConnection;
  return serviceAccountFaults(await loginAsDeployer(keycloak, SETTINGS, "token"), SETTINGS);
};

describe("an ordinary user who has the name of a customer's service account", () => {
  it("is told as what it is, before Keycloak says that the client exists, which it does not", async () => {
    const faults = await faultsWhere([{ username: "service-account-acme" }, { username: "service-account-other" }]);

    expect(faults.map(({ key }) => key)).toEqual(["scpcloud:integrations.acme"]);
    expect(formatFaults(faults)).toContain("has an ordinary user of that name");
  });

  it.each([
    [200, []],
    [403, { error: "HTTP 403 Forbidden" }],
  ])("is none where Keycloak shows the deployer no users: %i", async (status, body) => {
    expect(await faultsWhere(body, status)).toEqual([]);
  });
});

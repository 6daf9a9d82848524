import { loginAsDeployer } from "../../keycloak/admin";
import { explainRefusal } from "../../components/refusals";
import { SettingsError } from "../../settings/faults";
import { explainLogin } from "../../settings/keycloakAnswers";
import { accepted, configuration, SECRET } from "./configuration";
import { FakeKeycloak, type FakeRealm } from "./fakeKeycloak";

const ASKING = accepted(configuration({ "keycloak:realm": "ScpCloud" }));

/** What Keycloak 26.7 answered to each of these logins. */
describe("a login that Keycloak refuses is told by its own words", () => {
  it.each([
    [400, "missingNormalization: Request path not normalized", "keycloak:url", "slash"],
    [400, "unauthorized_client: Client not allowed for direct access grants", "keycloak:clientId", "KEYCLOAK_USER"],
    [
      400,
      "invalid_request: Configured client authentication method not allowed for client",
      "keycloak:clientId",
      "policy",
    ],
    [
      401,
      "unauthorized_client: Client not enabled to retrieve service account",
      "keycloak:clientId",
      "Service accounts",
    ],
    [
      401,
      "unauthorized_client: Public client not allowed to retrieve service account",
      "keycloak:clientId",
      "Client auth",
    ],
    [
      401,
      "invalid_client: Invalid client or Invalid client credentials",
      "keycloak:clientSecret",
      "config set --secret",
    ],
    [403, "access_denied: Realm not enabled", "keycloak:realm", "enabled"],
    [404, "Realm does not exist", "keycloak:realm", "case of its letters"],
    [503, "", "keycloak:url", "proxy"],
  ])("%s %s", (status, said, key, words) => {
    const fault = explainLogin({ status, said }, ASKING);
    expect(fault.key).toBe(key);
    expect(JSON.stringify(fault)).toContain(words);
    expect(JSON.stringify(fault)).not.toContain(SECRET);
  });

  it("as that of the user whom the shell names", () => {
    const credentials = { kind: "password", username: "u", password: SECRET, clientSecret: undefined } as const;
    const fault = explainLogin(
      { status: 401, said: "invalid_grant" },
      { ...ASKING, deployer: { ...ASKING.deployer, credentials } },
    );
    expect(fault).toMatchObject({
      key: "keycloak:password",
      remedy: expect.stringContaining("unset KEYCLOAK_USER") as string,
    });
    expect(JSON.stringify(fault)).not.toContain(SECRET);
  });
});

describe("a command that Keycloak refuses something", () => {
  const faultOf = async (realm: Partial<FakeRealm>) => {
    const tokens = () => Promise.resolve({ status: 200, body: { access_token: "t" } });
    const keycloak = await FakeKeycloak.start({ issuer: "", tokens, ...realm });
    const asked = (async () => (await loginAsDeployer(keycloak, ASKING)).get("/clients"))();
    const error: unknown = await asked.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).message;
  };

  it("says what the login was answered", async () => {
    const tokens = () =>
      Promise.resolve({ status: 403, body: { error: "access_denied", error_description: "Realm not enabled" } });
    expect(await faultOf({ tokens })).toContain("Keycloak refused the login (403 access_denied: Realm not enabled)");
  });

  it.each([
    [401, "kc-admin-api"],
    [403, "manage-clients, view-users and view-realm"],
    [503, "it, or a proxy before it, failed at /admin/realms/ScpCloud/clients: 503"],
  ])("says what a good login was answered at the admin REST API: %s", async (status, words) => {
    const answers = { "/admin/realms/ScpCloud/clients": { status, body: {} } };
    expect(await faultOf({ answers })).toContain(words);
  });
});

it("names the role that a mapper needs from 26.8.2 on where an up is refused one", () => {
  const refusal = {
    errors: ["403 Forbidden"],
    failedOperation: "create" as const,
    name: "m",
    newInputs: { name: "m" },
  };
  const type = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
  expect(explainRefusal({ ...refusal, type }, "prod")).toContain(
    "manage-clients and, from Keycloak 26.8.2 on, manage-realm",
  );
  expect(explainRefusal({ ...refusal, type: "keycloak:openid/client:Client" }, "prod")).not.toContain("manage-realm");
});

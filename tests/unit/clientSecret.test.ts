import { type ClientUpdate, endedSecret } from "../../components/clientSecret.ts";

const MADE = "made-by-keycloak-with-many-letters";
const inDays = (days: number) => String(Math.floor(Date.now() / 1000) + days * 86_400);
const judged = (update: Partial<ClientUpdate>) =>
  endedSecret(
    {
      newInputs: { clientId: "acme", extraConfig: { "scpcloud.rotation": "true" } },
      stored: MADE,
      found: { clientSecret: MADE, extraConfig: {} },
      now: new Date(),
      ...update,
    },
    "prod",
  );

describe("an update of a client", () => {
  test("is refused where Keycloak has another secret than the state, which the provider would put in its place", () => {
    const found = { clientSecret: "another-secret-of-keycloak", extraConfig: {} };
    const reason = judged({ found });
    expect(reason).toContain('Keycloak has another secret of the client "acme" than this stack\'s state');
    expect(reason).toContain("scpcloud recover --stack prod");
    expect(reason).not.toContain(MADE);
    expect(judged({ found, stored: "**********" })).toBe(reason);
  });

  test.each([
    ["the same secret", {}],
    ["a state without a secret, which the provider sends none of", { stored: "" }],
    ["a secret that the deployer may not see", { found: { clientSecret: "**********", extraConfig: {} } }],
  ])("goes on with %s", (_, update) => {
    expect(judged(update)).toBeUndefined();
  });

  test("that takes the client out of the rotation is refused while its previous secret works", () => {
    const overlapping = (days: number) => ({
      clientSecret: MADE,
      extraConfig: { "client.secret.rotated.expiration.time": inDays(days) },
    });
    const newInputs = { clientId: "acme" };
    expect(judged({ newInputs, found: overlapping(3) })).toContain(
      "scpcloud rotate --stack prod --customer acme --end-overlap",
    );
    expect(judged({ newInputs, found: overlapping(-3) })).toBeUndefined();
    expect(judged({ found: overlapping(3) })).toBeUndefined();
  });

  test("is judged by Keycloak's clock, whatever this machine's says", () => {
    const found = { clientSecret: MADE, extraConfig: { "client.secret.rotated.expiration.time": inDays(1) } };
    jest.useFakeTimers({ now: Date.now() + 2 * 86_400_000 });
    const now = new Date(Date.now() - 2 * 86_400_000);
    const reason = judged({ newInputs: { clientId: "acme" }, found, now });
    jest.useRealTimers();
    expect(reason).toContain("--end-overlap");
  });
});

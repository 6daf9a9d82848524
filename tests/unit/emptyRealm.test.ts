import { refuseEmptyRealm } from "../../commands/cli/emptyRealm.ts";
import { accepted, configuration } from "./configuration.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const SETTINGS = accepted(configuration());
const deployed = (...clientIds: string[]) => ({
  integrations: Object.fromEntries(clientIds.map((id) => [id, { organizationId: "o", serviceAccountUserId: "u" }])),
});
const client = (clientId: string) => ({ [`/clients?clientId=${clientId}`]: [{ id: "1", clientId }] });
const SCOPE = { "/client-scopes": [{ id: "2", name: "scpCloud" }] };

const refusal = (clientIds: string[], objects: Readonly<Record<string, readonly object[]>>) =>
  refuseEmptyRealm("prod", deployed(...clientIds), SETTINGS, fakeAdmin(objects)).then(() => "", String);

describe("a realm without anything that the stack has deployed", () => {
  test.each([
    ["of several customers", ["acme", "globex"], SCOPE, "none of the 2 clients"],
    ["of the only customer", ["acme"], {}, "neither the client nor the client scope"],
  ])("is taken for another place, and no refresh is advised: %s", async (_, clientIds, objects, words) => {
    const message = await refusal(clientIds, objects);
    expect(message).toContain(words);
    expect(message).toContain("Do not run pulumi refresh");
    expect(message).not.toMatch(/run:? (pulumi )?up/i);
  });

  test.each<[string, string[], Readonly<Record<string, readonly object[]>>]>([
    ["somebody deleted one of several clients", ["acme", "globex"], client("globex")],
    ["somebody deleted the client of the only customer", ["acme"], SCOPE],
    ["nothing was deployed yet", [], {}],
  ])("is not what it is where %s", async (_, clientIds, objects) => {
    expect(await refusal(clientIds, objects)).toBe("");
  });
});

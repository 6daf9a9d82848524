import type { StackOutputs } from "../../commands/cli/stack";
import { customersWithOldSecret, listCustomers, withInterrupted } from "../../commands/customers/customerList";
import { customersTable, oldSecretLines } from "../../commands/customers/customersTable";
import { accepted, ID, OTHER_ID, withIntegrations } from "./configuration";
import { fakeAdmin } from "./fakePulumi";

const NOW = new Date("2026-11-25T12:00:00Z");
const daysAgo = (days: number) => String(NOW.getTime() / 1000 - days * 86_400);

const client = (clientId: string, fields: object = {}) => ({
  [`/clients?clientId=${clientId}`]: [
    { id: `id-of-${clientId}`, clientId, enabled: true, secret: "s3cret", ...fields },
  ],
});
const madeBefore = (days: number, attributes: object = {}) => ({
  attributes: { "client.secret.creation.time": daysAgo(days), ...attributes },
});

const SETTINGS = accepted(
  withIntegrations({
    acme: { organizationUser: "anna", name: "Acme Ltd." },
    blocked: { organizationId: OTHER_ID, sharedOrganization: true },
    gone: { organizationUser: "gone" },
    "half-retired": { organizationUser: "half", retired: true },
    "made-by-hand": { organizationUser: "hand" },
    new: { organizationUser: "new" },
    retired: { organizationUser: "retired", retired: true },
  }),
);
const deployed = (organizationId: string) => ({ organizationId, serviceAccountUserId: "" });
const OUTPUTS: StackOutputs = {
  integrations: {
    acme: deployed(ID),
    blocked: deployed(OTHER_ID),
    gone: deployed("3"),
    "half-retired": deployed("4"),
    removed: deployed("5"),
    retired: deployed("6"),
  },
};
const user = (username: string, id: string) => ({ [`/users?exact=true&username=${username}`]: [{ id, username }] });
const KEYCLOAK = {
  ...user("anna", ID),
  ...user("half", "4"),
  ...user("retired", "66"),
  ...client("acme", madeBefore(400)),
  ...client("blocked", { enabled: false }),
  ...client("half-retired", madeBefore(3)),
  ...client("made-by-hand"),
  ...client("removed", { name: "Removed Ltd." }),
  ...client("retired", { enabled: false, ...madeBefore(500) }),
};
const secretCreated = (days: number) => new Date(NOW.getTime() - days * 86_400_000).toISOString();
const handover = (date: string, recipient: string, days: number) => ({
  date,
  recipient,
  secretCreated: secretCreated(days),
});
const RECORD = {
  acme: [
    handover("2025-01-01T10:00:00.000Z", "age1first00000000000000", 900),
    handover("2025-10-21T10:00:00.000Z", "age1second0000000000abcd", 400),
    handover("2025-10-21T10:00:00.000Z", "age1third00000000000efgh", 400),
  ],
  "half-retired": [handover("2025-10-21T10:00:00.000Z", "age1fourth0000000000000", 400)],
};
const list = (objects: Readonly<Record<string, readonly object[]>> = KEYCLOAK) =>
  listCustomers(SETTINGS, OUTPUTS, fakeAdmin(objects), RECORD, NOW);

describe("the list of customers", () => {
  test("tells each customer's state by stack file, state and Keycloak", async () => {
    expect((await list()).map(({ clientId, state }) => [clientId, state])).toEqual([
      ["acme", "active"],
      ["blocked", "disabled by hand"],
      ["gone", "missing in Keycloak"],
      ["half-retired", "retired, still enabled"],
      ["made-by-hand", "only in Keycloak"],
      ["new", "not deployed yet"],
      ["removed", "removed from the stack file"],
      ["retired", "retired"],
    ]);
  });

  test("tells a customer whom an interrupted up has made from a client that was made by hand", async () => {
    const inState =
      (...clientIds: string[]) =>
      () =>
        Promise.resolve(new Set(clientIds));
    const stateOf = async (clientIds: () => Promise<ReadonlySet<string>>) =>
      (await withInterrupted(await list(), clientIds)).find(({ clientId }) => clientId === "made-by-hand")?.state;

    expect(await stateOf(inState("acme", "made-by-hand"))).toBe("up was interrupted");
    expect(await stateOf(inState("acme"))).toBe("only in Keycloak");
  });

  test("names organizations by what is known of them", async () => {
    const organizations = Object.fromEntries(
      (await list()).map(({ clientId, organization }) => [clientId, organization]),
    );
    expect(organizations).toMatchObject({ acme: { user: "anna", id: ID }, blocked: { id: OTHER_ID } });
    expect(organizations["new"]).toEqual({ user: "new" });
    expect(organizations["removed"]).toEqual({ id: "5" });
    expect(organizations["half-retired"]).toEqual({ user: "half", id: "4" });
  });

  test("says where the user of an organization is another one than at the last up, or none", async () => {
    const organizationOf = async (clientId: string, objects = {}) =>
      (await list({ ...KEYCLOAK, ...objects })).find((one) => one.clientId === clientId)?.organization.now;
    expect(await organizationOf("retired")).toBe("SAME NAME, OTHER ID: 66");
    expect(customersTable(await list())).toContain("SAME NAME, OTHER ID: 66");
    const named = { "/users?briefRepresentation=true&search=id%3A6": [{ id: "6", username: "bo" }] };
    expect(await organizationOf("retired", named)).toBe("not deployed yet: 66");
    expect(await organizationOf("gone")).toBe("NO SUCH USER");
    expect(await organizationOf("acme")).toBeUndefined();
  });

  test("does not take another client for a customer whose id merely resembles it", async () => {
    const customers = await list({ "/clients?clientId=acme": [{ id: "1", clientId: "acme-2" }] });
    expect(customers[0]).toMatchObject({ clientId: "acme", state: "missing in Keycloak" });
  });

  test("asks for clients one by one and never for all", async () => {
    const paths: string[] = [];
    const get = (path: string) => Promise.resolve((paths.push(path), []));
    await listCustomers(SETTINGS, OUTPUTS, { get }, RECORD, NOW);
    expect(paths.filter((path) => !path.startsWith("/users?")).sort()).toEqual(
      (await list()).map(({ clientId }) => `/clients?clientId=${clientId}`),
    );
  });
});

describe("the age of a secret", () => {
  const ageOf = async (attributes: object) => (await list(client("acme", { attributes })))[0]?.secret;

  test("counts whole days", async () => {
    expect(await ageOf({ "client.secret.creation.time": daysAgo(1.99) })).toMatchObject({ ageInDays: 1 });
    expect(await ageOf({ "client.secret.creation.time": daysAgo(0) })).toEqual({
      created: NOW.toISOString(),
      ageInDays: 0,
    });
  });

  test.each([{}, { "client.secret.creation.time": "" }, { "client.secret.creation.time": "0" }])(
    "is not known where Keycloak notes no time: %j",
    async (attributes) => {
      expect(await ageOf(attributes)).toEqual({});
    },
  );

  test("is not negative where the server's clock is ahead", async () => {
    expect(await ageOf({ "client.secret.creation.time": daysAgo(-0.1) })).toMatchObject({ ageInDays: 0 });
  });

  test("comes with the end of an overlap that has not ended", async () => {
    const rotated = (days: number) => ({
      "client.secret.creation.time": daysAgo(1),
      "client.secret.rotated": "the-old-one",
      "client.secret.rotated.expiration.time": daysAgo(days),
    });
    expect(await ageOf(rotated(-13))).toMatchObject({ previousWorksUntil: "2026-12-08T12:00:00.000Z" });
    expect(await ageOf(rotated(1))).not.toHaveProperty("previousWorksUntil");
  });
});

describe("the last handover", () => {
  test("names all who were given that secret, and whether it is the present one", async () => {
    const customers = Object.fromEntries((await list()).map(({ clientId, handover }) => [clientId, handover]));
    expect(customers["acme"]).toEqual({
      date: "2025-10-21T10:00:00.000Z",
      recipients: ["age1second0000000000abcd", "age1third00000000000efgh"],
      ofPresentSecret: true,
    });
    expect(customers["half-retired"]).toMatchObject({ ofPresentSecret: false });
    expect(customers["retired"]).toBeUndefined();
    const table = customersTable(await list());
    expect(table).toContain("age1secon...abcd");
    expect(table).toContain("2025-10-21, an earlier secret");
  });
});

describe("old secrets", () => {
  const old = async (days: number) => customersWithOldSecret(await list(), days).map(({ clientId }) => clientId);

  test("are those in use that are older than so many days", async () => {
    expect(await old(399)).toEqual(["acme"]);
    expect(await old(400)).toEqual([]);
    expect(await old(2)).toEqual(["acme", "half-retired"]);
    expect(await old(Infinity)).toEqual([]);
  });

  test("are those of unknown age, too, however old a secret may be, unless nobody asks", async () => {
    const ofUnknownAge = async (days: number) =>
      customersWithOldSecret(await list(client("acme")), days).map(({ clientId }) => clientId);
    expect(await ofUnknownAge(0)).toEqual(["acme"]);
    expect(await ofUnknownAge(36_500)).toEqual(["acme"]);
    expect(await ofUnknownAge(Infinity)).toEqual([]);
  });

  test("are told with their age, or that it is not known", async () => {
    const customers = await list({ ...KEYCLOAK, ...client("half-retired") });
    expect(oldSecretLines(customersWithOldSecret(customers, 365), 365, "prod")).toEqual([
      expect.stringMatching(/^✗ acme: the secret is 400 days old, more than 365; /),
      expect.stringMatching(/^✗ half-retired: Keycloak does not know how old the secret is; /),
    ]);
  });
});

describe("the table of customers", () => {
  test("shows what it knows, and no secret", async () => {
    const rotated = { "client.secret.rotated": "0ld", "client.secret.rotated.expiration.time": daysAgo(-1) };
    const text = customersTable(await list({ ...KEYCLOAK, ...client("acme", madeBefore(1, rotated)) }));
    const row = text.split("\n").find((line) => line.includes("│ acme"));
    expect(row?.split("│").map((cell) => cell.trim())).toEqual([
      "",
      "acme",
      "Acme Ltd.",
      "anna",
      "active",
      "1 day",
      "2025-10-21, an earlier secret",
      "2026-11-26 12:00 UTC",
      "",
    ]);
    expect(text).toContain(ID);
    expect(text).not.toMatch(/s3cret|0ld/);
  });

  test("leaves out what is empty for all", async () => {
    expect(customersTable(await list())).not.toContain("previous secret");
  });
});

import type { StackOutputs } from "../../commands/cli/stack.ts";
import { customersWithOldSecret, listCustomers, withInterrupted } from "../../commands/customers/customerList.ts";
import { customersTable } from "../../commands/customers/customersTable.ts";
import { accepted, ID, OTHER_ID, withIntegrations } from "./configuration.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const NOW = new Date("2026-11-25T12:00:00Z");
const daysAgo = (days: number) => String(NOW.getTime() / 1000 - days * 86_400);

const client = (clientId: string, fields: object = {}) => {
  const usual = { id: `id-of-${clientId}`, clientId, enabled: true, secret: "s3cret" };
  return { [`/clients?clientId=${clientId}`]: [{ ...usual, ...fields }] };
};
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
const handover = (date: string, recipient: string, days: number) => ({
  date,
  recipient,
  secretCreated: new Date(NOW.getTime() - days * 86_400_000).toISOString(),
});
const LAST = "2025-10-21T10:00:00.000Z";
const RECORD = {
  acme: [
    handover("2025-01-01T10:00:00.000Z", "age1first00000000000000", 900),
    handover(LAST, "age1second0000000000abcd", 400),
    handover(LAST, "age1third00000000000efgh", 400),
    // Again, within the same second.
    handover(LAST, "age1third00000000000efgh", 400),
  ],
  "half-retired": [handover(LAST, "age1fourth0000000000000", 400)],
};
const list = (objects: Readonly<Record<string, readonly object[]>> = KEYCLOAK) =>
  listCustomers(SETTINGS, OUTPUTS, fakeAdmin(objects), RECORD, NOW);

const byClientId = async (objects = {}) =>
  Object.fromEntries((await list({ ...KEYCLOAK, ...objects })).map((customer) => [customer.clientId, customer]));

describe("the list of customers", () => {
  test("tells each customer's state by stack file, state and Keycloak, and what is known of its organization", async () => {
    expect((await list()).map(({ clientId, state, organization }) => [clientId, state, organization])).toEqual([
      ["acme", "active", { user: "anna", id: ID }],
      ["blocked", "disabled by hand", { id: OTHER_ID }],
      ["gone", "missing in Keycloak", { user: "gone", id: "3", now: "NO SUCH USER" }],
      ["half-retired", "retired, still enabled", { user: "half", id: "4" }],
      ["made-by-hand", "only in Keycloak", { user: "hand" }],
      ["new", "not deployed yet", { user: "new" }],
      ["removed", "removed from the stack file", { id: "5" }],
      ["retired", "retired", { user: "retired", id: "6", now: "SAME NAME, OTHER ID: 66" }],
    ]);
    const named = { "/users?briefRepresentation=true&search=id%3A6": [{ id: "6", username: "bo" }] };
    expect((await byClientId(named))["retired"]?.organization.now).toBe("not deployed yet: 66");
  });

  test("tells a customer whom an interrupted up has made from a client that was made by hand", async () => {
    const statesWith = async (...clientIds: string[]) =>
      (await withInterrupted(await list(), () => Promise.resolve(new Set(clientIds)))).map(({ state }) => state);
    expect(await statesWith("acme", "made-by-hand")).toContain("up was interrupted");
    expect(await statesWith("acme")).not.toContain("up was interrupted");
  });

  test("asks for clients one by one and never for all, and takes none whose id merely resembles one", async () => {
    const paths: string[] = [];
    const get = (path: string) =>
      Promise.resolve(paths.push(path) && path.endsWith("=acme") ? [{ id: "1", clientId: "acme-2" }] : []);
    const customers = await listCustomers(SETTINGS, OUTPUTS, { get }, RECORD, NOW);
    expect(customers[0]).toMatchObject({ clientId: "acme", state: "missing in Keycloak" });
    expect(paths.filter((path) => !path.startsWith("/users?")).sort()).toEqual(
      customers.map(({ clientId }) => `/clients?clientId=${clientId}`),
    );
  });

  test("names each once who was given the present secret last, or an earlier one", async () => {
    const customers = await byClientId();
    const recipients = ["age1second0000000000abcd", "age1third00000000000efgh"];
    expect(customers["acme"]?.handover).toEqual({ date: LAST, recipients, ofPresentSecret: true });
    expect(customers["half-retired"]?.handover).toMatchObject({ ofPresentSecret: false });
    expect(customers["retired"]?.handover).toBeUndefined();
  });
});

describe("the secret", () => {
  const created = (time: string) => ({ "client.secret.creation.time": time });
  const overlap = (days: number) => ({
    "client.secret.rotated": "the-old-one",
    "client.secret.rotated.expiration.time": daysAgo(days),
  });
  test.each([
    ["has an age in whole days", created(daysAgo(1.99)), { created: expect.any(String) as string, ageInDays: 1 }],
    ["may be of this moment", created(daysAgo(0)), { created: NOW.toISOString(), ageInDays: 0 }],
    ["is not younger than that where the server's clock is ahead", created(daysAgo(-0.1)), { ageInDays: 0 }],
    ["is of unknown age where Keycloak notes no time", {}, { ageInDays: undefined }],
    ["is of unknown age where it notes an empty one", created(""), { ageInDays: undefined }],
    ["is of unknown age where it notes none that can be", created("0"), { ageInDays: undefined }],
    ["has one beside it that works", overlap(-13), { previousWorksUntil: "2026-12-08T12:00:00.000Z" }],
    ["has none beside it that works any more", overlap(1), { previousWorksUntil: undefined }],
  ])("%s", async (_, attributes, told) => {
    expect((await list(client("acme", { attributes })))[0]?.secret).toMatchObject(told);
  });

  test.each([
    [399, KEYCLOAK, ["acme"]],
    [400, KEYCLOAK, []],
    [2, KEYCLOAK, ["acme", "half-retired"]],
    [Infinity, KEYCLOAK, []],
    // Of unknown age.
    [0, client("acme"), ["acme"]],
    [36_500, client("acme"), ["acme"]],
    [Infinity, client("acme"), []],
  ])("is old where it is in use and older than %s days, or of unknown age", async (days, keycloak, old) => {
    expect(customersWithOldSecret(await list(keycloak), days).map(({ clientId }) => clientId)).toEqual(old);
  });
});

test("the table of customers shows what it knows, no secret, and no column that is empty for all", async () => {
  const rotated = { "client.secret.rotated": "0ld", "client.secret.rotated.expiration.time": daysAgo(-1) };
  const text = customersTable(await list({ ...KEYCLOAK, ...client("acme", madeBefore(1, rotated)) }));
  const row = text.split("\n").find((line) => line.includes("│ acme"));
  const cells = [
    "acme",
    "Acme Ltd.",
    "anna",
    "active",
    "1 day",
    "2025-10-21, an earlier secret",
    "2026-11-26 12:00 UTC",
  ];
  expect(row?.split(/ *│ */).slice(1, -1)).toEqual(cells);
  for (const shown of [ID, "age1secon...abcd", "SAME NAME, OTHER ID: 66"]) {
    expect(text).toContain(shown);
  }
  expect(text).not.toMatch(/s3cret|0ld/);
  expect(customersTable(await list())).not.toContain("previous secret");
});

import type { CustomerSecrets } from "../../commands/rotate/customerSecrets.ts";
import { type Overlap, planRotation, readOverlap, type RotationWishes } from "../../commands/rotate/rotationPlan.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";

const NOW = new Date("2026-11-28T08:20:00Z");
const OLD = new Date("2025-11-20T10:00:00Z");
const OVERLAP = { seconds: 14 * 24 * 60 * 60 };
const client = { id: "uuid", clientId: "acme", attributes: { "scpcloud.rotation": "true" } };
const MADE = "made-by-keycloak-with-many-letters";
const SECRETS: CustomerSecrets = { client, present: MADE, stored: MADE, created: OLD };
const PREVIOUS = { secret: "previous", worksUntil: new Date("2026-12-01T00:00:00Z") };
const MISSING = { missing: "the stack file does not set scpcloud:secretRotation" };
const YOUNG = new Date("2026-11-27T08:21:00Z");
const RENEWED = "acme: gets a new secret; the present one works until 2026-12-12 08:20 UTC";
const LEFT = "acme: is left alone: its secret is of";
const NOT_HANDED_OVER = "THE NEW SECRET WAS NOT HANDED OVER";
const AT_ONCE = "acme: gets a new secret; the present one stops AT ONCE";

const plan = (secrets: Partial<CustomerSecrets>, wishes: Partial<RotationWishes> = {}, overlap: Overlap = OVERLAP) => {
  const usual = { stack: "prod", withoutOverlap: false, again: false, now: NOW };
  const [step] = planRotation([{ ...SECRETS, ...secrets }], overlap, { ...usual, ...wishes });
  return [step?.action, step?.text];
};
const handedOver = (secretCreated: Date) => ({
  acme: [{ date: NOW.toISOString(), recipient: "age1", secretCreated: secretCreated.toISOString() }],
});

describe("a customer's secret", () => {
  test.each<[string, Partial<CustomerSecrets>, Partial<RotationWishes>, string, string]>([
    ["that is old", {}, {}, "renew", RENEWED],
    ["of a day and a minute", { created: new Date("2026-11-27T08:19:00Z") }, {}, "renew", RENEWED],
    ["of unknown age", { created: undefined } as object, {}, "renew", RENEWED],
    [
      "younger than a day",
      { created: YOUNG },
      {},
      "leave",
      `${LEFT} 2026-11-27 08:21 UTC; younger than 24 hours. --again`,
    ],
    ["younger than a day, again", { created: YOUNG }, { again: true }, "renew", RENEWED],
    // A second renewal would end the previous one at once.
    [
      "whose previous one works",
      { previous: PREVIOUS },
      {},
      "leave",
      `${LEFT} 2025-11-20 10:00 UTC; the one before works`,
    ],
    ["whose previous one works, again", { previous: PREVIOUS }, { again: true }, "renew", "at once, not at 2026-12-01"],
    ["that the stack does not know", { stored: "earlier", created: NOW }, { again: true }, "takeOver", "takes it over"],
    // One that leaked is not left alone.
    ["that is young, without overlap", { created: NOW }, { withoutOverlap: true }, "renew", AT_ONCE],
    ["with a previous one, no overlap", { previous: PREVIOUS }, { withoutOverlap: true }, "renew", AT_ONCE],
    ["whose previous one is to end", { previous: PREVIOUS }, { end: {} }, "end", NOT_HANDED_OVER],
    [
      "whose previous one is to end, and an earlier one was handed over",
      { previous: PREVIOUS },
      { end: handedOver(new Date("2024-01-01")) },
      "end",
      NOT_HANDED_OVER,
    ],
    ["without a previous one to end", {}, { end: {} }, "leave", "acme: no previous secret works; nothing to stop"],
  ])("%s", (_, secrets, wishes, action, text) => {
    expect(plan(secrets, wishes)).toEqual([action, expect.stringContaining(text)]);
  });

  test.each([
    ["${vault.acme}", "looks like a reference to a secret that is elsewhere"],
    ["a", "is shorter than 16 characters"],
    ["", "is empty"],
    ["aaaaaaaaaaaaaaaaaaaaaaaa", "consists of a few different characters only"],
  ])("that nobody made as one, such as %j, is not taken over, but renewed whatever its age", (present, oddity) => {
    for (const stored of [MADE, present]) {
      const text = `acme: its secret ${oddity}; it gets a new secret; the present one stops AT ONCE`;
      expect(plan({ present, stored, created: NOW }, { withoutOverlap: true })).toEqual(["renew", text]);
    }
  });

  test("whose previous one is to end, is handed over already", () => {
    const text = "acme: the previous secret stops AT ONCE, not at 2026-12-01 00:00 UTC";
    expect(plan({ previous: PREVIOUS }, { end: handedOver(OLD) })).toEqual(["end", text]);
  });

  test.each<[string, Partial<CustomerSecrets>, Partial<RotationWishes>, Overlap, string]>([
    ["is empty, as it opens the client to everybody", { present: "" }, {}, OVERLAP, "at once, since it is empty"],
    ["has no overlap", {}, {}, MISSING, `acme: its present secret would stop at once, since ${MISSING.missing}`],
    [
      "the policy does not pick",
      { client: { id: "uuid", clientId: "globex" } },
      {},
      OVERLAP,
      "globex: its present secret",
    ],
    [
      "the stack does not know, while an older one is to end",
      { stored: "earlier", previous: PREVIOUS },
      { end: {} },
      OVERLAP,
      "does not know its new secret yet; run: scpcloud rotate --stack prod --customer acme",
    ],
  ])("is refused where it %s", (_, secrets, wishes, overlap, text) => {
    expect(() => plan(secrets, wishes, overlap)).toThrow(text);
    expect(() => plan(secrets, wishes, overlap)).toThrow(/^Nothing was changed\./);
  });

  test("without an overlap is renewed where that was said", () => {
    expect(plan({}, { withoutOverlap: true }, MISSING)).toEqual(["renew", AT_ONCE]);
  });
});

describe("the overlap", () => {
  const name = "scpcloud-secret-rotation-14-days";
  const configuration = { "rotated-expiration-period": "1209600" };
  const POLICY = { name, enabled: true, profiles: [name] };
  const PROFILE = { name, executors: [{ executor: "secret-rotation", configuration }] };

  test.each([
    ["as the profile says", POLICY, PROFILE, { seconds: 1209600 }],
    ["none where the policy is disabled", { ...POLICY, enabled: false }, PROFILE, undefined],
    ["none where the policy has another profile", { ...POLICY, profiles: ["other"] }, PROFILE, undefined],
    ["none where the policy is another one", { ...POLICY, name: "other" }, PROFILE, undefined],
    ["none where the profile lacks the executor", POLICY, { name, executors: [] }, undefined],
  ])("is %s", async (_, policy, profile, overlap) => {
    const admin: KeycloakAdmin = {
      get: (path) => Promise.resolve(path.endsWith("policies") ? { policies: [policy] } : { profiles: [profile] }),
    };
    const found = await readOverlap(admin, { overlapDays: 14 });
    expect(found).toEqual(overlap ?? { missing: expect.stringContaining(name) as string });
  });
});

import type { KeycloakAdmin } from "../../keycloak/admin";
import type { CustomerSecrets } from "../../commands/rotate/customerSecrets";
import { endText, planEnd } from "../../commands/rotate/endOverlap";
import { readOverlap } from "../../commands/rotate/overlap";
import { planRotation, type RotationWishes, stepText } from "../../commands/rotate/rotationPlan";

const NOW = new Date("2026-11-28T08:20:00Z");
const OLD = new Date("2025-11-20T10:00:00Z");
const OVERLAP = { seconds: 14 * 24 * 60 * 60 };
const client = { id: "uuid", clientId: "acme", attributes: { "scpcloud.rotation": "true" } };
const MADE = "made-by-keycloak-with-many-letters";
const SECRETS: CustomerSecrets = { client, present: MADE, stored: MADE, created: OLD };
const PREVIOUS = { secret: "previous", worksUntil: new Date("2026-12-01T00:00:00Z") };

const wishes = (changes: Partial<RotationWishes> = {}) => ({
  withoutOverlap: false,
  again: false,
  now: NOW,
  ...changes,
});
const planned = (secrets: Partial<CustomerSecrets>, changes: Partial<RotationWishes> = {}) =>
  planRotation([{ ...SECRETS, ...secrets }], OVERLAP, wishes(changes)).map((step) => [
    step.action,
    stepText(step, NOW),
  ]);

describe("a customer's secret", () => {
  test("that is old is renewed, and the line says until when it works", () => {
    expect(planned({})).toEqual([
      ["renew", "acme: gets a new secret; the present one works until 2026-12-12 08:20 UTC"],
    ]);
  });

  test("that is younger than a day is left alone, unless it is to be renewed again", () => {
    const created = new Date("2026-11-27T08:21:00Z");
    expect(planned({ created })).toEqual([
      [
        "leave",
        "acme: is left alone: its secret is of 2026-11-27 08:21 UTC; younger than 24 hours. --again renews it all the same",
      ],
    ]);
    expect(planned({ created, previous: PREVIOUS })[0]?.[1]).toContain(
      "; younger than 24 hours; the one before works until 2026-12-01 00:00 UTC. ",
    );
    expect(planned({ created }, { again: true })[0]?.[0]).toBe("renew");
    expect(planned({ created: new Date("2026-11-27T08:19:00Z") })[0]?.[0]).toBe("renew");
  });

  test("whose previous one still works is left alone, since a second renewal would end that at once", () => {
    expect(planned({ previous: PREVIOUS })).toEqual([
      [
        "leave",
        "acme: is left alone: its secret is of 2025-11-20 10:00 UTC; the one before works until 2026-12-01 00:00 UTC. " +
          "--again renews it all the same",
      ],
    ]);
    expect(planned({ previous: PREVIOUS }, { again: true })[0]?.[1]).toContain(
      "the one before it stops at once, not at 2026-12-01 00:00 UTC",
    );
  });

  test("that the stack does not know is taken over, whatever its age, and no further one is made", () => {
    expect(planned({ stored: "earlier", created: NOW }, { again: true })[0]?.[0]).toBe("takeOver");
  });

  test("of which Keycloak does not know the age is renewed", () => {
    expect(planRotation([{ client, present: MADE, stored: MADE }], OVERLAP, wishes())[0]?.action).toBe("renew");
  });

  test.each([
    ["young", { created: NOW }],
    ["made by an overlap that lasts", { created: NOW, previous: PREVIOUS }],
  ])("that is %s is renewed with --no-overlap: one that leaked is not left alone", (_, secrets) => {
    expect(planned(secrets, { withoutOverlap: true })).toEqual([
      ["renew", expect.stringContaining("the present one stops AT ONCE") as string],
    ]);
  });

  test.each([
    ["${vault.acme}", "looks like a reference to a secret that is elsewhere"],
    ["a", "is shorter than 16 characters"],
    ["", "is empty"],
    ["aaaaaaaaaaaaaaaaaaaaaaaa", "consists of a few different characters only"],
  ])("that nobody made as one, such as %j, is not taken over, but renewed whatever its age", (present, oddity) => {
    for (const stored of [MADE, present]) {
      expect(planned({ present, stored, created: NOW }, { withoutOverlap: true })).toEqual([
        ["renew", `acme: its secret ${oddity}; it gets a new secret; the present one stops AT ONCE`],
      ]);
    }
  });

  test("that is empty has no overlap: it would go on opening the client to everybody", () => {
    expect(() => planned({ present: "" })).toThrow("acme: its present secret would stop at once, since it is empty");
  });

  test("that would stop at once is renewed only where that was said", () => {
    const missing = { missing: "the stack file does not set scpcloud:secretRotation" };
    const unpicked = { ...SECRETS, client: { id: "uuid", clientId: "globex" } };

    expect(() => planRotation([SECRETS], missing, wishes())).toThrow(
      "acme: its present secret would stop at once, since the stack file does not set scpcloud:secretRotation",
    );
    expect(() => planRotation([unpicked], OVERLAP, wishes())).toThrow("globex: its present secret would stop at once");
    const [step] = planRotation([SECRETS], missing, wishes({ withoutOverlap: true }));
    expect(step && stepText(step, NOW)).toBe("acme: gets a new secret; the present one stops AT ONCE");
  });
});

describe("the overlap", () => {
  const name = "scpcloud-secret-rotation-14-days";
  const configuration = { "rotated-expiration-period": "1209600" };
  const adminOf = (policy: object, profile: object): KeycloakAdmin => ({
    get: (path) => Promise.resolve(path.endsWith("policies") ? { policies: [policy] } : { profiles: [profile] }),
  });
  const POLICY = { name, enabled: true, profiles: [name] };
  const PROFILE = { name, executors: [{ executor: "secret-rotation", configuration }] };

  test("is what Keycloak's profile says", async () => {
    expect(await readOverlap(adminOf(POLICY, PROFILE), { overlapDays: 14 })).toEqual({ seconds: 1209600 });
  });

  test.each([
    ["is disabled", { ...POLICY, enabled: false }, PROFILE],
    ["has another profile", { ...POLICY, profiles: ["other"] }, PROFILE],
    ["is another one", { ...POLICY, name: "other" }, PROFILE],
    ["has a profile without the executor", POLICY, { name, executors: [] }],
  ])("is none where the policy %s", async (_, policy, profile) => {
    expect(await readOverlap(adminOf(policy, profile), { overlapDays: 14 })).toHaveProperty("missing");
  });
});

describe("the end of an overlap", () => {
  test("is refused while the stack does not know the new secret", () => {
    expect(() => planEnd([{ ...SECRETS, stored: "earlier" }], "prod")).toThrow(
      "acme: the stack does not know its new secret yet; run: scpcloud rotate --stack prod --customer acme",
    );
  });

  test("warns where the new secret was not handed over", () => {
    const secrets = { ...SECRETS, previous: PREVIOUS };
    const handedOver = (secretCreated: Date) => ({
      acme: [{ date: NOW.toISOString(), recipient: "age1", secretCreated: secretCreated.toISOString() }],
    });

    expect(endText(secrets, {})).toContain("NOT HANDED OVER");
    expect(endText(secrets, handedOver(new Date("2024-01-01")))).toContain("NOT HANDED OVER");
    expect(endText(secrets, handedOver(OLD))).toBe(
      "acme: the previous secret stops AT ONCE, not at 2026-12-01 00:00 UTC",
    );
  });
});

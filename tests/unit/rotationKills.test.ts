import type { StackOutputs } from "../../commands/cli/stack.ts";
import type { PulumiCli } from "../../commands/pulumi/pulumiCli.ts";
import { lookAtSecrets, type RotationTools } from "../../commands/rotate/customerSecrets.ts";
import { planRotation, type RotationWishes } from "../../commands/rotate/rotationPlan.ts";
import { rotateSecrets } from "../../commands/rotate/rotateSecrets.ts";
import { basicAuthorization } from "../../contract/credentials.ts";
import type { KeycloakManager } from "../../keycloak/admin.ts";
import type { KeycloakConnection } from "../../keycloak/http.ts";
import { accepted, ID, withIntegrations } from "./configuration.ts";
import { CLIENT, fakeAdmin } from "./fakePulumi.ts";
import { previewOf } from "./reviewRecordings.ts";

const SETTINGS = accepted(withIntegrations({ acme: { organizationId: ID } }));
const NOW = new Date("2026-11-28T08:20:00Z");
const OLD = "1700000000";
const OVERLAP = { seconds: 14 * 86_400 };
const FIRST = "the-secret-that-acme-has";
const LOCKED = new Error("locked by another run");

/** A client of Keycloak's, a stack with its state, and what asks both; each question may be the last one. */
class World {
  present = FIRST;
  previous: string | undefined;
  created = OLD;
  stored = FIRST;
  made = 0;
  isLocked = false;
  asked = 0;
  /** Before or after the answer to which question everything is killed. */
  kill: { readonly at: number; readonly answered: boolean } | undefined;
  /** What another run does when this one has asked for the lock. */
  beforeLock: () => Promise<void> = () => Promise.resolve();

  works = (secret: string) => secret === this.present || secret === this.previous;

  private ask<T>(answer: () => T): Promise<T> {
    const isLast = ++this.asked === this.kill?.at;
    const given = isLast && this.kill?.answered === false ? undefined : answer();
    return isLast ? Promise.reject(new Error("killed")) : Promise.resolve(given as T);
  }

  private client() {
    const ends = String(NOW.getTime() / 1000 + OVERLAP.seconds);
    return {
      id: "id-of-acme",
      clientId: "acme",
      enabled: true,
      secret: this.present,
      attributes: {
        "scpcloud.rotation": "true",
        "client.secret.creation.time": this.created,
        ...(this.previous === undefined ? {} : { "client.secret.rotated.expiration.time": ends }),
      },
    };
  }

  private readonly admin: KeycloakManager = {
    ...fakeAdmin({}),
    now: () => NOW,
    get: (path) => this.ask(() => (path.endsWith("/rotated") ? { value: this.previous } : [this.client()])),
    change: (method) =>
      this.ask(() => {
        this.previous = method === "POST" ? this.present : undefined;
        if (method === "POST") {
          this.made++;
          this.present = `a-secret-made-by-keycloak-${this.made}`;
          this.created = String(NOW.getTime() / 1000 - 60);
        }
        return { value: this.present };
      }),
  };

  private readonly pulumi: PulumiCli = {
    stack: "prod",
    run: ([command = "", ofStack]) => {
      if (ofStack === "output") {
        return Promise.resolve(JSON.stringify(this.outputs()));
      }
      const state = { deployment: { resources: [{ urn: "urn::client", type: CLIENT, id: "id-of-acme" }] } };
      const preview = previewOf([{ op: "same", urn: "urn::client" }]);
      return Promise.resolve(["preview", "refresh"].includes(command) ? preview : JSON.stringify(state));
    },
  };

  private readonly keycloak: KeycloakConnection = {
    url: "",
    request: (_, options) =>
      this.ask(() => {
        const sent = options?.headers?.["authorization"];
        const isKnown = [this.present, this.previous].some((one) => one && basicAuthorization("acme", one) === sent);
        return isKnown ? { status: 200, body: { access_token: "token" } } : { status: 401, body: {} };
      }),
    close: () => Promise.resolve(),
  };

  private async underLock(action: () => Promise<void>): Promise<void> {
    await this.beforeLock();
    if (this.isLocked) {
      throw LOCKED;
    }
    this.isLocked = true;
    try {
      await action();
      // As the engine reads the client anew.
      this.stored = await this.ask(() => this.present);
    } finally {
      this.isLocked = false;
    }
  }

  private outputs(): StackOutputs {
    return {
      integrations: { acme: { organizationId: ID, serviceAccountUserId: "" } },
      credentials: { acme: { clientSecret: this.stored, basic: "" } },
    };
  }

  /** As the command does it. */
  async rotate(wishes: Partial<RotationWishes> = {}): Promise<void> {
    const tools: RotationTools = {
      settings: SETTINGS,
      outputs: this.outputs(),
      keycloak: this.keycloak,
      admin: this.admin,
      pulumi: this.pulumi,
      underLock: (_, action) => this.underLock(action),
      report: () => undefined,
    };
    const usual = { stack: "prod", withoutOverlap: false, again: false, now: NOW };
    const customers = await lookAtSecrets(["acme"], tools);
    await rotateSecrets(planRotation(customers, OVERLAP, { ...usual, ...wishes }), tools);
  }
}

const worldWith = (fields: Partial<World>) => Object.assign(new World(), fields);

describe.each([false, true])(
  "a rotation that is killed at each of its questions, the answer having come: %s,",
  (answered) => {
    test.each<[string, Partial<RotationWishes>, string | undefined, object]>([
      ["makes one secret, beside which the first works,", {}, undefined, { made: 1, works: true }],
      ["with --no-overlap has ended the first secret", { withoutOverlap: true }, undefined, { works: false }],
      ["with --end-overlap has ended the one before only", { end: {} }, "of-before", { made: 0, works: true }],
    ])("%s when it is run again", async (_, wishes, before, expected) => {
      const whole = worldWith({ previous: before });
      await whole.rotate(wishes);
      expect(whole.asked).toBeGreaterThan(5);
      for (let at = 1; at <= whole.asked; at++) {
        const world = worldWith({ previous: before, kill: { at, answered } });
        await world.rotate(wishes).catch(() => undefined);
        expect(wishes.withoutOverlap === true || world.works(FIRST)).toBe(true);

        world.kill = undefined;
        if (wishes.withoutOverlap === true) {
          // As recover and up --refresh do it.
          world.stored = world.present;
        }
        await world.rotate(wishes);
        const { made, previous } = world;
        const result = { at, made, works: world.works(FIRST), stored: world.stored, previous };
        const isPlain = Object.keys(wishes).length === 0;
        expect(result).toMatchObject({ at, stored: world.present, previous: isPlain ? FIRST : undefined, ...expected });
      }
    });
  },
);

describe("a rotation beside another run", () => {
  test("that holds the lock makes no secret", async () => {
    const world = worldWith({ isLocked: true });
    await expect(world.rotate()).rejects.toBe(LOCKED);
    expect([world.made, world.present]).toEqual([0, FIRST]);
  });

  test("that renews the secret after the user was asked makes no second one", async () => {
    const world = new World();
    world.beforeLock = () => {
      world.beforeLock = () => Promise.resolve();
      return world.rotate();
    };
    await expect(world.rotate()).rejects.toThrow("Somebody else has renewed the secret of acme meanwhile");
    expect([world.made, world.works(FIRST)]).toEqual([1, true]);
  });

  test("that renews the secret after the user was asked ends no secret that the customer has", async () => {
    const world = worldWith({ previous: "the-one-of-long-ago" });
    world.beforeLock = () => {
      [world.previous, world.present] = [FIRST, "the-one-that-another-run-made"];
      return Promise.resolve();
    };
    await expect(world.rotate({ end: {} })).rejects.toThrow("Somebody else has renewed the secret of acme meanwhile");
    expect(world.works(FIRST)).toBe(true);
  });
});

test("a customer without a secret in the state gets Keycloak's", async () => {
  const world = worldWith({ stored: "" });
  await world.rotate();
  expect([world.made, world.stored]).toEqual([0, FIRST]);
});

import { writeFileSync } from "node:fs";

import { checkText, right, summaryText, unknown, warning, wrong, wrongBy } from "../../commands/doctor/check.ts";
import { checkProtection } from "../../commands/doctor/examine.ts";
import { checkOrganizations } from "../../commands/doctor/organizationIds.ts";
import { providerAuthorities } from "../../commands/doctor/providerAuthorities.ts";
import { checkRights, rolesFor } from "../../commands/doctor/rights.ts";
import { checkClock } from "../../commands/doctor/serverChecks.ts";
import { issuedAtOf, rolesOf } from "../../keycloak/accessToken.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import type { IntegrationSettings } from "../../settings/settings.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

useTemporaryFolder();

const tokenWith = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.signature`;
const on = (version: string | undefined) => ({ version, looksUpUsers: true });

describe("the roles that a deployer needs", () => {
  test("are those of viewing for preview and drift, manage-clients for up, and none for verify", () => {
    const VIEWING = ["view-realm", "view-clients", "view-users"];
    expect(rolesFor("preview", on("26.7.3"))).toEqual(VIEWING);
    expect(rolesFor("drift", on("26.7.3"))).toEqual(VIEWING);
    expect(rolesFor("up", on("26.7.3"))).toEqual(["view-realm", "manage-clients", "view-users"]);
    expect(rolesFor("verify", on("26.7.3"))).toEqual([]);
    // No customer names a user.
    expect(rolesFor("preview", { version: "26.7.3", looksUpUsers: false })).not.toContain("view-users");
  });

  test.each([
    ["26.8.2", true],
    ["26.8.3", true],
    ["27.0.0", true],
    ["26.8.1", false],
    ["26.1.4", false],
    [undefined, false],
  ])("include manage-realm for up on %s, whose mappers may ask for it: %s", (version, does) => {
    expect(rolesFor("up", on(version)).includes("manage-realm")).toBe(does);
  });
});

test("the roles in an access token are those of realm-management, or of the realm's client in the realm master", () => {
  const roles = { "realm-management": { roles: ["view-users"] }, "ScpCloud-realm": { roles: ["view-realm"] } };
  expect(rolesOf(tokenWith({ resource_access: roles }), "ScpCloud")).toEqual(["view-users", "view-realm"]);
  expect(rolesOf(tokenWith({}), "ScpCloud")).toEqual([]);
  expect(rolesOf("opaque", "ScpCloud")).toBeUndefined();
});

describe("the check of rights", () => {
  const LEAST = ["manage-clients", "view-users", "view-realm"];
  const VIEWING = ["view-clients", "view-users", "view-realm"];

  // Who manages clients may view them.
  test.each([
    ["the least roles before 26.8.2", LEAST, "26.7.3", "right preview, right up, right drift"],
    ["the same on 26.8.2", LEAST, "26.8.2", "right preview, wrong up, right drift"],
    ["one who may only view", VIEWING, "26.7.3", "right preview, wrong up, right drift"],
    ["a hidden version, which decides on up", LEAST, undefined, "right preview, right up, right drift, warning rights"],
    ["a token that does not tell", undefined, "26.7.3", "unknown rights"],
  ])("goes by each activity: %s", (_, roles, version, told) => {
    const checks = checkRights(roles, on(version)).map(({ about, outcome }) => `${outcome} ${about}`);
    expect(checks.join(", ").replaceAll("rights for ", "")).toBe(told);
  });

  test("prevents up and drift too where preview lacks a role", () => {
    expect(checkRights(["manage-clients", "view-realm"], on("26.7.3"))[0]).toMatchObject({
      outcome: "wrong",
      found: "the deployer lacks view-users of the client realm-management",
      prevents: ["preview", "up", "drift"],
    });
  });
});

test("the Keycloak provider trusts the certificates of SSL_CERT_FILE, and of all folders of SSL_CERT_DIR", () => {
  const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;
  writeFileSync("one.crt", pem("one"));
  writeFileSync("README", "no certificate");
  writeFileSync(".file", pem("of the file"));
  const SSL_CERT_DIR = `/nowhere:${process.cwd()}`;
  expect(providerAuthorities({ SSL_CERT_FILE: "/nowhere", SSL_CERT_DIR })).toEqual([pem("one")]);
  expect(providerAuthorities({ SSL_CERT_FILE: ".file", SSL_CERT_DIR })).toEqual([pem("of the file"), pem("one")]);
});

test("the clocks may differ by half a minute; beyond, it is told which one is ahead", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  const at = (seconds: number) => checkClock(now.getTime() / 1000 + seconds, now);
  expect(at(1)).toMatchObject({ outcome: "right", found: "as the server's" });
  expect(at(-20)).toMatchObject({ outcome: "right", found: "this machine's clock is 20 s ahead of the server's" });
  const behind = "this machine's clock is 90 s behind the server's";
  expect(at(90)).toMatchObject({ outcome: "wrong", found: behind, prevents: ["verify"] });
  expect(checkClock(issuedAtOf(tokenWith({})), now).outcome).toBe("unknown");
  expect(issuedAtOf(tokenWith({ iat: 5 }))).toBe(5);
});

const named = (value: string | undefined) => checkProtection({ PULUMI_OPTION_IGNORE_PROTECT: value });

test.each(["true", "1", "TRUE"])("an environment that walks around protect is named: %s", (value) => {
  const remedy = "unset PULUMI_OPTION_IGNORE_PROTECT";
  expect(named(value)).toMatchObject([{ outcome: "wrong", remedy, prevents: ["up"] }]);
});

test.each([undefined, "", "false", "0"])("an environment that leaves protect in force is not named: %s", (value) => {
  expect(named(value)).toEqual([]);
});

describe("the report of doctor", () => {
  const fault = { key: "url", rule: "must answer", reason: "it does not", value: "https://x", remedy: "start it" };

  test("has a mark, what was found, and what to do", () => {
    expect([right("a", "b"), unknown("c", "d"), warning("e", "f", "g"), wrongBy("h", fault)].map(checkText)).toEqual([
      "✓ a: b",
      "? c: d",
      "! e: f\n    Do: g",
      "✗ h: url must answer, because it does not (found: https://x)\n    Do: start it",
    ]);
  });

  test("closes with what can work, or with what cannot", () => {
    expect(summaryText("prod", [right("a", "b")])).toBe("✓ prod: preview, up, verify, drift can work");
    expect(summaryText("prod", [unknown("a", "b"), wrong("c", "d", "e", ["up"])])).toBe(
      "✗ prod: up cannot work yet; look at the line with ! or ?",
    );
  });
});

describe("the check of organizations that are given by their ids", () => {
  const customer = (clientId: string, organization: IntegrationSettings["organization"]) =>
    ({ clientId, organization }) as IntegrationSettings;
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => customer(`c${index}`, { id: `id-${index}` }));

  /** On a server with these users, which counts what it is asked. */
  async function checked(users: number, integrations: readonly IntegrationSettings[], roles?: readonly string[]) {
    let asked = 0;
    const admin: KeycloakAdmin = {
      get(path) {
        asked++;
        const wanted = new URL(path, "https://keycloak.example.com").searchParams.get("search")?.replace(/^id:/, "");
        const ids = many(users).map((_, index) => `id-${index}`);
        return Promise.resolve(ids.filter((id) => wanted?.split(" ").includes(id)).map((id) => ({ id, username: id })));
      },
    };
    const checks = await checkOrganizations(admin, roles, { realm: "ScpCloud", integrations });
    return { checks: checks.map(({ outcome, found }) => `${outcome} ${found}`), asked };
  }

  test.each([
    ["warns of those that are no user's", 1, many(3), "view-users", /^warning no user of realm ScpCloud .* c1, c2$/, 1],
    ["is satisfied where each is one's, and asks for several at once", 25, many(25), "manage-users", /^right /, 3],
    ["names ten of many", 0, many(12), "view-users", / of c0, c1, .*, c9 and 2 more$/, 2],
    ["asks nothing where the deployer may not see users", 0, many(1), "query-users", /^unknown /, 0],
    ["is none where all customers name a user", 0, [customer("acme", { user: "anna" })], "view-users", /^$/, 0],
  ])("%s", async (_, users, integrations, role, told, requests) => {
    const { checks, asked } = await checked(users, integrations, [role]);
    expect(checks.join("\n")).toMatch(told);
    expect(asked).toBe(requests);
  });
});

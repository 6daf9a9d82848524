import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { checkText, right, summaryText, unknown, warning, wrong, wrongBy } from "../../commands/doctor/check";
import { providerAuthorities } from "../../commands/doctor/providerAuthorities";
import { checkRights, checkVersion, rolesFor } from "../../commands/doctor/rights";
import { issuedAtOf, rolesOf } from "../../keycloak/accessToken";
import { checkClock } from "../../commands/doctor/serverChecks";

const tokenWith = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.signature`;
const LEAST = ["manage-clients", "view-users", "view-realm"];
const on = (version: string | undefined) => ({ version, looksUpUsers: true });

describe("the roles that a deployer needs", () => {
  test("are those of viewing for preview and drift, and manage-clients for up", () => {
    expect(rolesFor("preview", on("26.7.3"))).toEqual(["view-realm", "view-clients", "view-users"]);
    expect(rolesFor("drift", on("26.7.3"))).toEqual(["view-realm", "view-clients", "view-users"]);
    expect(rolesFor("up", on("26.7.3"))).toEqual(["view-realm", "manage-clients", "view-users"]);
    expect(rolesFor("verify", on("26.7.3"))).toEqual([]);
  });

  test("do not include view-users where no customer names a user", () => {
    expect(rolesFor("preview", { version: "26.7.3", looksUpUsers: false })).not.toContain("view-users");
  });

  test.each(["26.8.2", "26.8.3", "27.0.0"])(
    "include manage-realm for up on %s, whose mappers ask for it",
    (version) => {
      expect(rolesFor("up", on(version))).toContain("manage-realm");
    },
  );

  test.each(["26.8.1", "26.1.4", undefined])("do not include manage-realm on %s", (version) => {
    expect(rolesFor("up", on(version))).not.toContain("manage-realm");
  });
});

describe("the roles in an access token", () => {
  test("are those of realm-management, or of the realm's client in the realm master", () => {
    const roles = { "realm-management": { roles: ["view-users"] }, "ScpCloud-realm": { roles: ["view-realm"] } };

    expect(rolesOf(tokenWith({ resource_access: roles }), "ScpCloud")).toEqual(["view-users", "view-realm"]);
  });

  test("are none where the token has none, and not known where it is no JWT", () => {
    expect(rolesOf(tokenWith({}), "ScpCloud")).toEqual([]);
    expect(rolesOf("opaque", "ScpCloud")).toBeUndefined();
  });
});

describe("the check of rights", () => {
  const linesOf = (roles: readonly string[] | undefined, version: string | undefined) =>
    checkRights(roles, on(version)).map(({ about, outcome }) => `${outcome} ${about}`);

  test("is satisfied by the least roles before 26.8.2, since who manages clients may view them", () => {
    expect(linesOf(LEAST, "26.7.3")).toEqual([
      "right rights for preview",
      "right rights for up",
      "right rights for drift",
    ]);
  });

  test("says that up lacks manage-realm on 26.8.2, and that preview works", () => {
    expect(linesOf(LEAST, "26.8.2")).toEqual([
      "right rights for preview",
      "wrong rights for up",
      "right rights for drift",
    ]);
  });

  test("lets a deployer who may only view preview and look for drift", () => {
    expect(linesOf(["view-clients", "view-users", "view-realm"], "26.7.3")).toEqual([
      "right rights for preview",
      "wrong rights for up",
      "right rights for drift",
    ]);
  });

  test("prevents up and drift too where preview lacks a role", () => {
    expect(checkRights(["manage-clients", "view-realm"], on("26.7.3"))[0]).toMatchObject({
      outcome: "wrong",
      found: "the deployer lacks view-users of the client realm-management",
      prevents: ["preview", "up", "drift"],
    });
  });

  test("warns where the version is hidden, which decides what up needs", () => {
    expect(linesOf(LEAST, undefined).at(-1)).toBe("warning rights");
  });

  test("does not guess where the token does not tell", () => {
    expect(linesOf(undefined, "26.7.3")).toEqual(["unknown rights"]);
  });
});

describe("a server that hides its version", () => {
  const own = { PULUMI_HOME: "/home/anna/scpcloud/.local/toolchain/pulumi-home" };
  const built = { ...own, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };

  test("keeps the plugin that was built from working, and no other one", () => {
    expect(checkVersion(undefined, "ScpCloud", built)).toMatchObject({
      outcome: "wrong",
      prevents: ["preview", "up", "drift"],
    });
    expect(checkVersion(undefined, "ScpCloud", own).outcome).toBe("unknown");
    expect(checkVersion(undefined, "ScpCloud", {}).outcome).toBe("unknown");
    expect(checkVersion("26.7.3", "ScpCloud", built).outcome).toBe("right");
  });
});

describe("the check of the clocks", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  const at = (seconds: number) => checkClock(now.getTime() / 1000 + seconds, now);

  test("is satisfied by half a minute, and tells which clock is ahead beyond", () => {
    expect(at(1)).toMatchObject({ outcome: "right", found: "as the server's" });
    expect(at(-20)).toMatchObject({ outcome: "right", found: "this machine's clock is 20 s ahead of the server's" });
    expect(at(90)).toMatchObject({
      outcome: "wrong",
      found: "this machine's clock is 90 s behind the server's",
      prevents: ["verify"],
    });
  });

  test("does not guess where the token does not tell when it was made", () => {
    expect(checkClock(issuedAtOf(tokenWith({})), now).outcome).toBe("unknown");
    expect(issuedAtOf(tokenWith({ iat: 5 }))).toBe(5);
  });
});

describe("the report of doctor", () => {
  const fault = {
    key: "keycloak:url",
    rule: "must answer",
    reason: "it does not",
    value: "https://x",
    remedy: "start it",
  };

  test("has a mark, what was found, and what to do", () => {
    expect([right("a", "b"), unknown("c", "d"), warning("e", "f", "g"), wrongBy("h", fault)].map(checkText)).toEqual([
      "✓ a: b",
      "? c: d",
      "! e: f\n    Do: g",
      "✗ h: keycloak:url must answer, because it does not (found: https://x)\n    Do: start it",
    ]);
  });

  test("closes with what can work, or with what cannot", () => {
    expect(summaryText("prod", [right("a", "b")])).toBe("✓ prod: preview, up, verify, drift can work");
    expect(summaryText("prod", [unknown("a", "b"), wrong("c", "d", "e", ["up"])])).toBe(
      "✗ prod: up cannot work yet; look at the line with ! or ?",
    );
  });
});

describe("the certificates that the Keycloak provider trusts", () => {
  const directory = mkdtempSync(join(tmpdir(), "scpcloud-authorities-"));
  const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;
  writeFileSync(join(directory, "one.crt"), pem("one"));
  writeFileSync(join(directory, "README"), "no certificate");
  afterAll(() => rmSync(directory, { recursive: true }));

  test("are the settings' own alone, where they name one", () => {
    expect(providerAuthorities({ caCertificate: pem("own") }, { SSL_CERT_DIR: directory }, "linux")).toEqual([
      pem("own"),
    ]);
  });

  test("are those of SSL_CERT_FILE and SSL_CERT_DIR else", () => {
    const environment = { SSL_CERT_FILE: join(directory, "missing"), SSL_CERT_DIR: directory };

    expect(providerAuthorities({}, environment, "linux")).toEqual([pem("one")]);
  });

  test("are not known where the system has a store of its own", () => {
    expect(providerAuthorities({}, {}, "darwin")).toBeUndefined();
  });
});

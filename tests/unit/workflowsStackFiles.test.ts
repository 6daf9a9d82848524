import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse } from "yaml";

import { checkedFiles } from "../../.github/stack-files.ts";
import { SettingsError } from "../../faults/faults.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

const MAIN = `encryptionsalt: v1:abc
config:
  keycloak:url: https://keycloak.example
  keycloak:clientSecret:
    secure: v1:deployer
  scpcloud:publicUrl: https://keycloak.example
  scpcloud:integrations:
    acme:
      organizationUser: anna
`;
const check = (text: string | undefined, main = new Map([["prod", MAIN]])) =>
  checkedFiles(main, new Map(text === undefined ? [] : [["prod", text]]));
const refused = (text: string | undefined): string[] => {
  try {
    check(text);
  } catch (error) {
    return error instanceof SettingsError ? error.faults.map(({ key, rule }) => `${key} ${rule}`) : [String(error)];
  }
  return [];
};

describe("a pull request's stack file is taken over for a preview", () => {
  it("where it adds a customer and changes what all tokens say; the rest is main's, letter by letter", () => {
    const text = MAIN.replace(
      "  scpcloud:integrations:\n",
      "  scpcloud:accessTokenLifespan: 600\n  scpcloud:integrations:\n    müller: { organizationUser: bob }\n",
    );
    const [[stack, written] = ["", ""]] = [...check(text)];
    expect(stack).toBe("prod");
    expect(parse(written)).toEqual(parse(text));
  });

  it("where it has Windows' line ends, and not at all where it is as on main", () => {
    expect([...check(MAIN).keys()]).toEqual([]);
    const [[, written] = ["", ""]] = [...check(MAIN.replaceAll("\n", "\r\n"))];
    expect(parse(written)).toEqual(parse(MAIN));
  });
});

describe("a pull request's stack file is refused where it leads a preview elsewhere:", () => {
  it.each([
    [
      "another server, which would get the deployer's secret",
      /https:\/\/keycloak.example\n {2}keycloak:cl/,
      "https://evil.example\n  keycloak:cl",
      "keycloak:url",
    ],
    ["a header", "config:\n", "config:\n  keycloak:additionalHeaders: {x: y}\n", "keycloak:additionalHeaders"],
    ["another realm", "config:\n", "config:\n  scpcloud:realm: master\n", "scpcloud:realm"],
    ["the realm of another stack", "config:\n", "config:\n  scpcloud:realmStack: test\n", "scpcloud:realmStack"],
    ["another public URL", /scpcloud:publicUrl: .*/, "scpcloud:publicUrl: https://evil.example", "scpcloud:publicUrl"],
    ["another Docker engine", "config:\n", "config:\n  docker:host: ssh://evil.example\n", "docker:host"],
    ["another image", "config:\n", "config:\n  scpcloud:apps: {}\n", "scpcloud:apps"],
    ["a key of Pulumi's own", "config:\n", "config:\n  pulumi:tags: {}\n", "pulumi:tags"],
    ["a key that the program may have one day", "config:\n", "config:\n  scpcloud:new: x\n", "scpcloud:new"],
    ["the short name of a key that leads elsewhere", "config:\n", "config:\n  realm: master\n", "scpcloud:realm"],
    ["other encryption", "encryptionsalt: v1:abc", "encryptionsalt: v1:xyz", "encryptionsalt"],
    ["another key service", "encryptionsalt:", "secretsprovider: awskms://evil\nencryptionsalt:", "secretsprovider"],
    ["an environment of Pulumi's", "config:\n", "environment: [evil]\nconfig:\n", "environment"],
    ["an entry that it removes", /  keycloak:clientSecret:\n.*\n/, "", "keycloak:clientSecret"],
  ])("%s", (_name, from, to, key) => {
    const text = MAIN.replace(from, to);
    expect(text).not.toBe(MAIN);
    expect(refused(text)).toContain(`${key} must stay as it is on main`);
  });

  it.each([
    [
      "the deployer's secret as a customer's name, which a comment would show",
      "organizationUser: anna\n      name: { secure: v1:deployer }",
    ],
    ["one in a list", "organizationUser: anna\n      name: [{ a: { secure: v1:deployer } }]"],
    ["what another reader of YAML merges in", "organizationUser: anna\n      '<<': { name: x }"],
  ])("an encrypted value: %s", (_name, to) => {
    expect(refused(MAIN.replace("organizationUser: anna", to))).toContain(
      "scpcloud:integrations must have no encrypted value",
    );
  });

  it("a stack that comes or goes, a text that is no map, and one that is too long", () => {
    expect(refused(undefined)).toEqual(["Pulumi.prod.yaml must be there before and after"]);
    expect(() => check(MAIN, new Map())).toThrow("must be there before and after");
    expect(refused("- a")).toHaveLength(1);
    expect(refused("config: {")).toHaveLength(1);
    expect(refused("config: &a [*a, *a]")).not.toEqual([]);
    expect(refused(`#${"x".repeat(1_000_000)}`)).toEqual(["Pulumi.prod.yaml must have at most 1000000 characters"]);
  });

  it("with nothing of a value that may be secret in the refusal", () => {
    expect(() => check(MAIN.replace("v1:deployer", "v1:other"))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("v1:") as string }) as Error,
    );
  });
});

describe("stack-files.ts", () => {
  useTemporaryFolder();

  it("takes files only: a link would have a file of the machine told as a stack's", () => {
    writeFileSync("secret", "a: secret of the machine\n");
    mkdirSync("theirs");
    symlinkSync(resolve("secret"), "theirs/Pulumi.prod.yaml");
    const script = join(import.meta.dirname, "..", "..", ".github", "stack-files.ts");
    const prod = join(import.meta.dirname, "..", "..", "Pulumi.prod.yaml");
    const before = readFileSync(prod, "utf8");
    const { status, stderr } = spawnSync("node", [script, "theirs", "--checked"], {
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toContain("Pulumi.prod.yaml\n  must be there before and after");
    expect(stderr).not.toContain("secret of the machine");
    expect(readFileSync(prod, "utf8")).toBe(before);
  });
});

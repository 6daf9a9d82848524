import { addEntries, newStackFile, takeEntries } from "../../commands/move/editedFile.ts";

const FILE = "Pulumi.prod.yaml";
const TEXT = `# head
config:
  keycloak:url: https://keycloak.example # where
  keycloak:clientTimeout: "60"
  keycloak:clientSecret:
    secure: v1:abc
  scpcloud:integrations:
    # Acme's
    acme:
      # the first
      name: "Acme" # a name
      organizationUser: reporting@acme.example

    # Beta's
    beta: { organizationId: '012' }

    gamma:
      name: |
        many
        lines
      organizationUser: g
    # behind all
  scpcloud:protect: true
encryptionsalt: v1:x
`;
const take = (text: string, ...clientIds: string[]) => takeEntries(FILE, text, new Set(clientIds));
const without = (from: string, to: string) => TEXT.slice(0, TEXT.indexOf(from)) + TEXT.slice(TEXT.indexOf(to));

describe("entries are taken out of a stack file with their comments, and everything else stays:", () => {
  test.each([
    ["the first", ["acme"], without("    # Acme's", "    # Beta's")],
    ["one in the middle", ["beta"], without("\n    # Beta's", "\n    gamma:")],
    ["the last", ["gamma"], without("\n    gamma:", "    # behind all")],
  ])("%s", (_, clientIds, expected) => {
    expect(take(TEXT, ...clientIds).text).toBe(expected);
    expect(take(TEXT.replaceAll("\n", "\r\n"), ...clientIds).text).toBe(expected.replaceAll("\n", "\r\n"));
  });

  test("all of them", () => {
    const { text } = take(TEXT, "acme", "beta", "gamma");
    expect(text).toContain("scpcloud:integrations:\n    {}\n    # behind all\n  scpcloud:protect");
  });
});

describe("entries are written into another stack file", () => {
  const { entries } = take(TEXT, "acme", "beta");
  const body = TEXT.slice(TEXT.indexOf("    # Acme's"), TEXT.indexOf("\n    gamma:"));

  test("that is new, with the connection and without its secrets", () => {
    const made = newStackFile(FILE, TEXT, "prod");
    expect(made).toBe(`# Customers of the realm of the stack prod: docs/many-customers.md
config:
  keycloak:url: https://keycloak.example # where
  keycloak:clientTimeout: "60"
  scpcloud:realmStack: prod
`);
    expect(addEntries("Pulumi.prod-b.yaml", made, entries)).toBe(`${made}  scpcloud:integrations:\n${body}`);
  });

  test("below those that it has, by whatever spelling of the key", () => {
    const text = "config:\n  integrations:\n    z:\n      name: Z\n  x: y\n";
    expect(addEntries(FILE, text, entries)).toBe(text.replace("  x:", `${body}  x:`));
  });

  test("with the indentation and the line ends of that file", () => {
    const text = "config:\r\n    integrations:\r\n        z: {}\r\n";
    const added = addEntries(FILE, text, entries);
    expect(added).toContain("\r\n        # Acme's\r\n        acme:\r\n            # the first\r\n            name:");
    expect(added).not.toMatch(/[^\r]\n/);
  });

  test.each([" {}", "", " null", " ~"])("that has none yet, but says %j", (empty) => {
    const added = addEntries(FILE, `config:\n  integrations:${empty}\n  x: y\n`, entries);
    expect(added).toBe(`config:\n  integrations:\n${body}  x: y\n`);
  });
});

test("an entry is not written into a file that would then not say of it what the other file does", () => {
  const [entry] = take(TEXT, "acme").entries;
  const otherwise = { ...entry!, value: { name: "Acme", organizationUser: "somebody else" } };
  expect(() => addEntries(FILE, "config: {}\n", [otherwise])).toThrow(`${FILE} is written in a way that`);
});

test.each(["config:\n  integrations: *x\n", "config:\n  integrations:\n    a: &a {}\n", "- config", "config: {"])(
  "a file that cannot be read is refused: %j",
  (text) => expect(() => take(text, "a")).toThrow(/^1 fault .*\n\nPulumi\.prod\.yaml\n {2}must be /),
);

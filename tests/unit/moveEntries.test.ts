import { addEntries, newStackFile, takeEntries } from "../../commands/move/entries";

const FILE = "Pulumi.prod.yaml";
const TEXT = `# head
config:
  keycloak:url: https://keycloak.example # where
  keycloak:clientTimeout:   60
  keycloak:clientSecret:
    secure: v1:abc
  scpcloud:integrations:
    # Acme's
    acme:   # the first
      name: "Acme"   # a name
      organizationUser: reporting@acme.example
      # further in

    # Beta's
    beta: {organizationId: '012'}

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

describe("entries are taken out of a stack file with their comments, and every other byte stays:", () => {
  test.each([
    ["the first", ["acme"], without("    # Acme's", "    # Beta's")],
    ["one in the middle", ["beta"], without("\n    # Beta's", "\n    gamma:")],
    ["the last", ["gamma"], without("\n    gamma:", "    # behind all")],
    [
      "several",
      ["gamma", "acme"],
      without("    # Acme's", "    # Beta's").replace(/\n {4}gamma[^]*organizationUser: g\n/, ""),
    ],
    [
      "all of them",
      ["acme", "beta", "gamma"],
      without("    # Acme's", "    # behind all").replace("scpcloud:integrations:", "scpcloud:integrations: {}"),
    ],
  ])("%s", (_, clientIds, expected) => {
    expect(take(TEXT, ...clientIds).text).toBe(expected);
    expect(take(TEXT.replaceAll("\n", "\r\n"), ...clientIds).text).toBe(expected.replaceAll("\n", "\r\n"));
  });

  test("they are found by whatever spelling of the key", () => {
    expect(take("config:\n  integrations:\n    a: {}\n    'b': {}", "b").text).toBe(
      "config:\n  integrations:\n    a: {}\n",
    );
  });
});

describe("entries are written into another stack file", () => {
  const { entries } = take(TEXT, "acme", "beta");
  const body = `    # Acme's
    acme:   # the first
      name: "Acme"   # a name
      organizationUser: reporting@acme.example
      # further in

    # Beta's
    beta: {organizationId: '012'}
`;

  test("that is new, with the connection and without its secrets", () => {
    const made = newStackFile(FILE, TEXT, "prod");
    expect(made).toBe(`# Customers of the realm of the stack prod: docs/many-customers.md
config:
  keycloak:url: https://keycloak.example # where
  keycloak:clientTimeout: 60
  scpcloud:realmStack: prod
`);
    expect(addEntries("Pulumi.prod-b.yaml", made, entries)).toBe(`${made}  scpcloud:integrations:\n${body}`);
  });

  test("below those that it has", () => {
    const text = "config:\n  integrations:\n    z:\n      name: Z\n      # of z\n";
    expect(addEntries(FILE, `${text}  x: y\n`, entries)).toBe(`${text}${body}  x: y\n`);
    expect(addEntries(FILE, text.trimEnd(), entries)).toBe(text + body);
  });

  test("with the indentation and the line ends of that file", () => {
    const text = "config:\r\n    integrations:\r\n        z: {}\r\n";
    const expected = body.replace(/^(?=.)/gm, "    ").replaceAll("\n", "\r\n");
    expect(addEntries(FILE, text, entries)).toBe(text + expected);
  });

  test.each([" {}", "", " null", " ~", " { }"])("that has none yet, but says %j", (empty) => {
    const text = `config:\n  integrations:${empty} # none\n  x: y\n`;
    expect(addEntries(FILE, text, entries)).toBe(`config:\n  integrations: # none\n${body}  x: y\n`);
  });

  test("and back, as they were", () => {
    const { text, entries: taken } = take(TEXT, "gamma");
    expect(addEntries(FILE, text, taken)).toBe(TEXT);
  });
});

describe("what does not mean the same in another file is refused, with the line and what to do:", () => {
  const below = (text: string) => `config:\n  scpcloud:integrations:\n${text.replace(/^/gm, "    ")}\n`;

  test.each([
    [
      "an alias whose anchor stays",
      below("a: &a {name: A}\nb:\n  <<: *a"),
      ["b"],
      "line 5: b uses *a, whose anchor stays.",
    ],
    [
      "an anchor whose alias stays",
      below("a: &a {name: A}\nb: *a"),
      ["a"],
      "line 4: *a stays, and its anchor belongs to a, which moves.",
    ],
    ["a customer by a merge", below("<<: {a: {}}\nb: {}"), ["a"], "by a merge (<<)"],
    ["customers in braces", "config:\n  integrations: {a: {}, b: {}}\n", ["a"], "not written in lines of its own"],
    ["a whole alias", "x: &x {a: {}}\nconfig:\n  integrations: *x\n", ["a"], "not written in lines of its own"],
    ["a key that does not begin its line", below("? a"), ["a"], "line 3: the key does not begin the line"],
  ])("%s", (_, text, clientIds, said) => {
    expect(() => take(text, ...clientIds)).toThrow(said);
    expect(() => take(text, ...clientIds)).toThrow(/^Do: /m);
  });

  test("but not an alias that moves with its anchor", () => {
    const { text, entries } = take(below("z: {}\na: &a {name: A}\nb:\n  <<: *a"), "a", "b");
    expect(text).toBe(below("z: {}"));
    expect(addEntries(FILE, below("y: {}"), entries)).toBe(below("y: {}\na: &a {name: A}\nb:\n  <<: *a"));
  });
});

test.each([
  ["a list", "- config"],
  ["what no reader understands", "config: {"],
  ["an alias without an anchor", "config: *a"],
])("%s instead of a stack file's map is a fault of the file", (_, text) => {
  expect(() => take(text, "a")).toThrow(/^1 fault .*\n\nPulumi\.prod\.yaml\n {2}must be /);
});

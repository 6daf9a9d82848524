import { changesByOwner } from "../../commands/changes/resourceChanges.ts";
import type { Finding } from "../../commands/drift/finding.ts";
import { driftReport, driftText, findingsOf } from "../../commands/drift/report.ts";
import type { TokenDifferences } from "../../commands/drift/tokenDrift.ts";
import type { Preview } from "../../commands/pulumi/preview.ts";
import { changed, clientOf, createOf, lost, mapperOf, previewOf, updateOf } from "./driftPreviews.ts";

const findingOf = (sentence: string, changes: Partial<Finding> = {}): Finding => ({
  owner: { kind: "customer", name: "acme" },
  danger: "access",
  sentence,
  remedy: "up",
  newSecret: false,
  ...changes,
});

interface Case {
  readonly findings?: readonly Finding[];
  readonly following?: readonly string[];
  readonly tokens?: Partial<TokenDifferences>;
  readonly plain?: Preview;
  readonly policies?: readonly string[];
}

const NOTHING = {
  stack: "prod",
  findings: [],
  following: [],
  hiddenSecrets: [],
  unfinishedRotations: [],
  policies: [],
};
const report = ({ plain = previewOf(), tokens = {}, ...found }: Case) =>
  driftReport(
    { ...NOTHING, tokens: { checked: 2, skipped: [], differences: [], ...tokens }, ...found },
    changesByOwner(plain),
  );

const textOf = (drift: Case) => driftText(report(drift));

it("takes for drift what was changed, what follows from it, and what tokens show; not what is not deployed", () => {
  const differences = [{ customers: [], difference: "another issuer" }];
  const plain = previewOf(createOf(clientOf("acme")));
  expect(report({ findings: [findingOf("someone …")] }).drift).toBe(true);
  expect(report({ following: ["api-container"] }).drift).toBe(true);
  expect(report({ tokens: { differences } }).drift).toBe(true);
  expect(report({ plain, tokens: { skipped: ["acme"] } }).drift).toBe(false);
});

it("writes everything as Markdown that is readable as it is", () => {
  const differences = [
    { customers: ["acme", "globex"], difference: 'claim debug is "yes"' },
    { customers: [], difference: "another issuer" },
  ];
  const plain = previewOf(
    updateOf(clientOf("initech"), { accessTokenLifespan: "600", name: "x" }),
    updateOf(clientOf("hooli"), { accessTokenLifespan: "600", name: "x" }),
    createOf(clientOf("new")),
  );
  const findings = [
    findingOf("someone renamed …", { danger: "other" }),
    findingOf("someone deleted …", { danger: "existence", newSecret: true }),
  ];
  const tokens = { differences, skipped: ["hooli", "initech"] };
  expect(textOf({ findings, following: ["b", "a"], tokens, plain }))
    .toBe(`✗ prod: 2 changes by hand, 2 differences in tokens

- someone deleted …
- someone renamed …

Because of that, up changes besides:

- a, b

What the customers' tokens show:

- acme, globex: \`claim debug is "yes"\`
- \`another issuer\`

Not deployed yet, which is no drift:

- 2 customers: \`hooli\`, \`initech\`: update client (accessTokenLifespan, name)
- \`new\`: create client

The tokens of these customers were not compared, since not all is deployed:

- hooli, initech

What to do:

- \`pulumi up --refresh --stack prod\` repairs this; without --refresh it would not look.
- Then hand the present secrets over to acme: \`scpcloud handover --stack prod --customer ID --recipient age1...\`.
- A difference in tokens that stays afterwards comes from what this program does not declare; see docs/drift.md.`);
});

it.each<[string, readonly Partial<Finding>[], RegExp]>([
  ["nothing that an up could do against an added mapper", [{ remedy: "byHand" }], /^- Delete the added mappers in/],
  [
    "both where there is more",
    [{ remedy: "byHand" }, {}],
    /^- `pulumi up --refresh --stack prod` repairs all but the added mappers;.*\n- Delete the added mappers/,
  ],
  [
    "to adopt what was made anew, for which an up is refused",
    [{ remedy: "recover" }, {}],
    /^- `pulumi refresh --stack prod` and then `scpcloud recover --stack prod` repair this and adopt what was made anew/,
  ],
])("advises %s", (_, findings, advice) => {
  const text = textOf({ findings: findings.map((finding) => findingOf("a", finding)) });
  expect(text.split("What to do:\n\n")[1]).toMatch(advice);
});

it("does not call somebody's what a client policy may have done: to a client, and to nothing else", () => {
  const changes = [
    changed(clientOf("acme"), "consentRequired", false, true),
    changed(mapperOf("acme"), "addToIdToken", false, true),
    lost(clientOf("b")),
  ];
  const sentences = findingsOf(changes, new Set(), ["strict"]).map(({ sentence }) => sentence);
  expect(sentences).toEqual([
    "someone, or a client policy, switched on the consent of users on customer acme",
    expect.stringMatching(/^someone put the claim/),
    expect.stringMatching(/^someone deleted the client/),
  ]);
  expect(findingsOf(changes, new Set())[0]?.sentence).toMatch(/^someone switched on/);
  expect(textOf({ findings: [findingOf("a")], policies: ["strict", "new"] })).toMatch(
    /repairs this;.*\n- If drift tells the same .* a client policy of the realm \(enabled: `strict`, `new`\)/,
  );
  expect(textOf({ findings: [findingOf("a")] })).not.toContain("policy");
});

import { writeFileSync } from "node:fs";

import { readPreview, type Step } from "../../commands/pulumi/preview.ts";
import { plannedSteps } from "../../commands/rollout/makePlan.ts";
import { digestOf, readPlan, type RolloutPlan, slowHash, type StackPlan } from "../../commands/rollout/plan.ts";
import { planDifferences, planText } from "../../commands/rollout/planText.ts";
import { recording, RECORDINGS, stepOf, update } from "./reviewRecordings.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

const stackPlan = (stack: string, more: Partial<StackPlan> = {}): StackPlan => ({
  stack,
  customers: 1,
  state: "a",
  configuration: "b",
  steps: plannedSteps({ steps: [update("acme", "accessTokenLifespan", "300", "600")] }),
  byHand: [],
  ...more,
});
const planOf = (stacks: readonly StackPlan[], more: Partial<RolloutPlan> = {}): RolloutPlan => ({
  version: 1,
  commit: "c0ffee",
  realmStack: "prod",
  salt: "00",
  stacks: [...stacks],
  ...more,
});

describe("the steps of a plan", () => {
  test.each(RECORDINGS)("are the same whatever the order in which the preview came by them: %s", (name) => {
    const { steps } = readPreview(recording(name));
    expect(plannedSteps({ steps: [...steps].reverse() })).toEqual(plannedSteps({ steps }));
  });

  test("have what is masked for secrets, and none that nobody marked", () => {
    const marked = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", plaintext: "hidden" };
    const step = stepOf("acme", {
      op: "create",
      newState: { inputs: { envs: [marked], clientSecret: "hidden", name: "acme" } },
    });
    const told = JSON.stringify(plannedSteps({ steps: [step] }));
    expect(told).not.toContain("hidden");
    expect(told).toContain('"name":"acme"');
  });

  test("have no resource that stays as it is, unless it loses its protection", () => {
    const idle: Step = stepOf("acme", { op: "same", oldState: { protect: true }, newState: { protect: true } });
    const unprotected = stepOf("globex", { op: "same", oldState: { protect: true }, newState: { protect: false } });
    expect(plannedSteps({ steps: [idle, unprotected] }).map(({ urn }) => urn)).toEqual([unprotected.urn]);
  });

  test("are another's where only a property's old value differs, or whether the resource is replaced for it", () => {
    const of = (step: Step) => JSON.stringify(plannedSteps({ steps: [step] }));
    const one = update("acme", "name", "a", "b");
    expect(of(update("acme", "name", "x", "b"))).not.toBe(of(one));
    expect(of({ ...one, detailedDiff: { name: { kind: "update-replace" } } })).not.toBe(of(one));
  });
});

describe("what is not as it was approved", () => {
  test("is told of the one stack of two that differs, also of a secret that no preview shows", () => {
    const approved = planOf([stackPlan("prod"), stackPlan("prod-b")]);
    const configuration = slowHash({ "scpcloud:x": "2" }, "00");
    const now = planOf([stackPlan("prod"), stackPlan("prod-b", { configuration })]);
    expect(planDifferences(approved, structuredClone(approved), [])).toEqual([]);
    expect(planDifferences(approved, now, [])).toEqual([
      "### prod-b: not as approved\n\nThe configuration has another value, perhaps a secret one.",
    ]);
  });

  test("is told in the words of the review, on both sides, dangers first", () => {
    const steps = plannedSteps({ steps: [stepOf("acme", { op: "delete" })] });
    const [told = ""] = planDifferences(planOf([stackPlan("prod")]), planOf([stackPlan("prod", { steps })]), []);
    expect(told).toMatch(
      /has it not or otherwise:\*\*\n\n- \*\*The client is deleted, and its credentials are refused from then on: `acme`\*\*/,
    );
    expect(told).toMatch(/would not do it now, or otherwise:\*\*\n\n#### `acme`\n\n\| resource .*\n.*\n.*"300".*"600"/);
    expect(told).not.toContain("<!--");
  });

  test("is told of a commit, a realm, a file and a stack", () => {
    const approved = planOf([stackPlan("prod"), stackPlan("gone")]);
    const now = planOf([stackPlan("prod")], { commit: "decaf", realmStack: "test" });
    expect(planDifferences(approved, now, ["Pulumi.prod.yaml"])).toEqual([
      "The plan is of commit c0ffee, and this is decaf.",
      "The plan is of the realm of prod.",
      "Not as the commit has them: Pulumi.prod.yaml.",
      "### gone: not as approved\n\nThe realm has no such stack.",
    ]);
  });
});

test("a plan's text has the dangers and the changes by hand first, and what does not change last", () => {
  const preview = readPreview(recording("customerRemoved"));
  const planned = [
    {
      plan: stackPlan("prod", { steps: plannedSteps(preview), byHand: ["someone disabled customer acme"] }),
      preview,
    },
    { plan: stackPlan("prod-b", { steps: [] }), preview: readPreview(recording("unchanged")) },
  ];
  const plan = planOf(planned.map((one) => one.plan));
  const text = planText(plan, planned);
  expect(text).toContain(`## Plan for prod\n\nCommit c0ffee, plan ${digestOf(plan)}\n\n### Dangerous\n\n**prod: `);
  expect(text.indexOf("someone disabled customer acme")).toBeLessThan(text.indexOf("#### "));
  expect(text).toMatch(/### Unchanged\n\nprod-b: no changes/);
});

describe("a plan's file", () => {
  useTemporaryFolder();

  test.each([["{}"], ["no JSON"], ['{"digest":"x","plan":{"version":2}}']])("is none: %s", async (text) => {
    writeFileSync("plan.json", text);
    await expect(readPlan("plan.json", undefined)).rejects.toThrow("--plan plan.json is no plan of this command");
    await expect(readPlan("missing.json", undefined)).rejects.toThrow(/^--plan missing\.json: .*ENOENT/);
  });
});

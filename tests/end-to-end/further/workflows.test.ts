import { Administrator } from "../keycloak.ts";
import { NO_WORKFLOWS, type WorkflowRun, WorkflowRunner } from "../workflowRunner.ts";

const CUSTOMER = "    globex: { organizationId: 00000000-0000-4000-8000-000000000072 }\n";
let github: WorkflowRunner;

/** A stack file of main with another text in it. */
const changed = async (from: string | RegExp, to: string) => ({
  "Pulumi.prod.yaml": (await github.stackFile()).replace(from, to),
});
const withCustomer = () => changed(/(scpcloud:integrations:\n)/, `$1${CUSTOMER}`);
const comment = async () => String((await github.kept("comments"))[0]?.["body"]);
const review = async (branch: string, repository?: string, variables = {}): Promise<WorkflowRun> =>
  github.run("pull_request_target", "review.yml", await github.pullRequest(branch, repository), { variables });

(NO_WORKFLOWS === "" ? describe : describe.skip)(`the workflows, as they are run${NO_WORKFLOWS}`, () => {
  beforeAll(async () => {
    github = await WorkflowRunner.create("Workflows", {
      // As the policy pack asks of prod. The realm goes with its server.
      "scpcloud:protect": true,
      "scpcloud:integrations": { acme: { organizationId: "00000000-0000-4000-8000-000000000071" } },
    });
  });

  afterAll(async () => {
    await github.remove();
  });

  it("deploy what a plan said that somebody approved, and take real tokens", async () => {
    await github.commit("first", {});
    const pushed = (await github.merge("first")) as { readonly before: string };
    // The first push of a repository has nothing before.
    const { jobs, text } = await github.run("push", "deploy.yml", { ...pushed, before: "0".repeat(40) });

    expect({ jobs, text }).toMatchObject({
      jobs: { realms: "succeeded", plan: "succeeded", deploy: "succeeded" },
    });
    expect(text).toMatch(/## Plan for prod\n+Commit [0-9a-f]{40}, plan [0-9a-f]{64}/);
    expect(text).toContain("✓ all is as in the plan ");
    expect(text).toMatch(/│ prod +│ done /);
    expect(text).toContain("✓ prod: the tokens of 1 customer are what the settings promise");
    expect(text).not.toContain(String(github.project.environment["KEYCLOAK_CLIENT_SECRET"]));
  });

  it("deploy nothing where only documentation has changed, and say in the review that nothing changes", async () => {
    await github.commit("words", { "README.md": "# Words\n" });
    const { jobs, text } = await review("words");
    expect({ jobs, text }).toMatchObject({ jobs: { claims: "succeeded", comment: "succeeded" } });
    expect(Object.keys(jobs)).not.toContain("preview");
    expect(await comment()).toContain("### Unchanged");
    const deployed = await github.run("push", "deploy.yml", await github.merge("words"));
    expect(deployed.jobs).toEqual({ realms: "succeeded" });
  });

  it("review a pull request that adds a customer: tokens and preview in one comment", async () => {
    await github.commit("globex", await withCustomer());
    const { jobs, text } = await review("globex");
    expect({ jobs, text }).toMatchObject({
      jobs: { claims: "succeeded", preview: "succeeded", comment: "succeeded" },
    });
    expect(await github.kept("comments")).toHaveLength(1);
    expect(await comment()).toContain("#### Added: `globex`");
    expect(await comment()).toMatch(/### prod: \d to create; \d+ unchanged; the policies allow it/);
  });

  it("preview no pull request that leads elsewhere, and say so in place of the preview", async () => {
    await github.commit("elsewhere", await changed(/keycloak:url: .*/, "keycloak:url: https://127.0.0.1:1"));
    const { jobs } = await review("elsewhere");
    expect(jobs).toMatchObject({ preview: "failed", comment: "succeeded" });
    expect(await comment()).toContain("Main previews none of this pull request");
    expect(await comment()).toContain("keycloak:url\n      must stay as it is on main");
  });

  it("run no program and no script of a pull request with access", async () => {
    await github.commit("evil", {
      ...(await withCustomer()),
      "index.ts": 'throw new Error("the program of the pull request ran");\n',
      ".github/preview.sh": "echo the script of the pull request ran\n",
      ".github/claims.sh": "echo the script of the pull request ran\n",
    });
    const { jobs, text } = await review("evil");
    expect({ jobs, text }).toMatchObject({ jobs: { preview: "succeeded" } });
    expect(text).not.toContain("of the pull request ran");
  });

  it("preview a fork's pull request where the owner allows it only", async () => {
    const forbidden = await review("globex", "somebody/integrations");
    expect(forbidden.jobs).toEqual({ claims: "succeeded", comment: "succeeded" });
    expect(await comment()).toContain("#### Added: `globex`");
    const allowed = await review("globex", "somebody/integrations", { PREVIEW_FORKS: "true" });
    expect(allowed.jobs).toMatchObject({ preview: "succeeded" });
  });

  it("test a pull request by its own code, without a secret, and have one check that fails with any job", async () => {
    const event = await github.pullRequest("evil");
    const { jobs, text } = await github.run("pull_request", "pull-request.yml", event, { ref: "refs/pull/7/merge" });
    expect({ jobs, text }).toMatchObject({ jobs: { test: "succeeded", claims: "succeeded", required: "succeeded" } });
    expect(text).toContain("the script of the pull request ran");
    const broken = await github.run("pull_request", "pull-request.yml", event, { ref: "refs/pull/8/merge" });
    expect(broken.jobs).toMatchObject({ claims: "failed", required: "failed" });
  });

  it("keep one issue while there is drift, and say of a server that does not answer that nobody could look", async () => {
    const administrator = new Administrator("Workflows");
    const night = () => github.run("schedule", "drift.yml", {});
    expect((await night()).jobs).toEqual({ realms: "succeeded", drift: "succeeded" });
    expect(await github.kept("issues")).toEqual([]);

    await administrator.changeClient("acme", { directAccessGrantsEnabled: true });
    expect((await night()).jobs).toMatchObject({ drift: "failed" });
    expect(await github.kept("issues")).toMatchObject([
      {
        state: "OPEN",
        title: "Drift in prod",
        body: expect.stringContaining("someone switched on direct access grants on customer acme") as string,
      },
    ]);

    const file = { "Pulumi.prod.yaml": await github.stackFile() };
    await github.commit("away", await changed(/keycloak:url: .*/, "keycloak:url: https://localhost:1"));
    await github.merge("away");
    const away = await night();
    expect(away.jobs).toMatchObject({ drift: "failed" });
    expect(away.text).toContain("ECONNREFUSED");
    await github.commit("back", file);
    await github.merge("back");
    expect(await github.kept("issues")).toMatchObject([{ state: "OPEN" }]);

    await administrator.changeClient("acme", { directAccessGrantsEnabled: false });
    expect((await night()).jobs).toMatchObject({ drift: "succeeded" });
    expect(await github.kept("issues")).toMatchObject([{ state: "CLOSED" }]);
  });
});

import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import { run } from "../../processes/run.ts";
import { Administrator } from "./keycloak.ts";
import { Project } from "./project.ts";
import { DEPLOYERS, REALMS, serverOfTests } from "./server.ts";
import { missing } from "./tools.ts";

const REALM = REALMS.deployer;
const STACK = "deployer";
const SCRIPT = resolve(import.meta.dirname, "..", "..", "docs", "deployer.sh");
let project: Project;

beforeAll(async () => {
  project = await Project.create();
  await new Administrator(REALM).deleteClient(DEPLOYERS.complete);
});

afterAll(() => project.remove());

/** As a user types it; the password comes from standard input. */
const makeDeployer = (...roles: string[]) => {
  const { bootstrapAdminPasswordFile, caCertificateFile, url } = serverOfTests();
  return run("bash", ["-c", '"$0" "$@" <"$PASSWORD_FILE"', SCRIPT, url, REALM, "admin", "secret", ...roles], {
    cwd: project.directory,
    env: { CURL_CA_BUNDLE: caCertificateFile, PASSWORD_FILE: bootstrapAdminPasswordFile },
  });
};

const reason = missing("curl", "jq");
(reason === "" ? it : it.skip)(
  `docs/deployer.sh makes a deployer with whom doctor finds nothing wrong, also run again, and shows no secret${reason}`,
  async () => {
    const refused = await makeDeployer("manage-everything");
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining("does not have all of these roles"),
    ]);
    const made = [await makeDeployer("manage-realm"), await makeDeployer("manage-realm")];

    expect(made.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(Array(2).fill([0, ""]));
    const file = join(project.directory, "secret");
    const secret = await readFile(file, "utf8");
    expect(secret).toMatch(/^\w{32,}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(made.map(({ stderr }) => stderr).join("")).not.toContain(secret);

    await project.createStack(STACK, {
      ...project.connection(REALM),
      "scpcloud:integrations": { acme: { organizationUser: "anna" } },
    });
    Object.assign(project.environment, { KEYCLOAK_CLIENT_SECRET: secret });
    const { exitCode, stdout } = await project.command("doctor", "--stack", STACK);
    expect(stdout).toContain(`✓ login: client "${DEPLOYERS.complete}" of realm ${REALM} is accepted`);
    expect(stdout).not.toMatch(/^✗/m);
    expect(exitCode).toBe(0);
  },
);

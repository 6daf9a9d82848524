import type { Credentials } from "../../outputs";
import { Administrator } from "./keycloak";
import { committedStackFile, Project } from "./project";
import { REALMS } from "./server";
import { claimsOf } from "./tokens";

const REALM = REALMS.production;

let project: Project;
let administrator: Administrator;

beforeAll(async () => {
  administrator = await Administrator.login(REALM);
  project = await Project.create();
});

afterAll(async () => {
  await administrator.close();
  await project.remove();
});

describe("the production stack", () => {
  it("gives lean tokens with the organization's user, and is gone without a trace after destroy", async () => {
    const scopesBefore = await administrator.clientScopes();
    const stack = await project.createStack("prod", {
      ...(await committedStackFile("prod")),
      ...project.connection(REALM),
    });
    await stack.up();

    const outputs = await stack.outputs();
    const credentials = (outputs["credentials"]?.value as Record<string, Credentials>)["acme-reporting"];
    const { exp, iat, jti, sub, clientHost, clientAddress, ...rest } = await claimsOf(
      credentials as Credentials,
      REALM,
    );
    expect(rest).toEqual({
      iss: "https://host.docker.internal:28443/realms/Production",
      aud: "scpCloud",
      typ: "Bearer",
      azp: "acme-reporting",
      client_id: "acme-reporting",
      scope: "",
      organizationId: await administrator.userId("reporting@acme.example"),
    });
    expect(Number(exp) - Number(iat)).toBe(300);
    expect([jti, sub, clientHost, clientAddress].map((claim) => typeof claim)).toEqual(Array(4).fill("string"));
    expect((await administrator.clients("acme")).map(({ name }) => name)).toEqual([
      "Acme, operation entries for reporting",
    ]);

    const { exitCode } = await project.command("verify", "--stack", "prod");
    expect(exitCode).toBe(0);
    await stack.preview({ expectNoChanges: true, refresh: true });

    await stack.destroy();
    expect(await administrator.clients("acme")).toEqual([]);
    expect(await administrator.clientScopes()).toEqual(scopesBefore);
    // The realm was looked up, never declared.
    await expect(administrator.send("GET", "")).resolves.toMatchObject({ realm: REALM });
  });
});

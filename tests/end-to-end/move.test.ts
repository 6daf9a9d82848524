import { readFile, writeFile } from "node:fs/promises";

import { Moving } from "./moving.ts";

const { FROM, TO } = Moving;
let moving: Moving;

beforeAll(async () => {
  moving = await Moving.create("Move");
  await moving.edit(FROM, (text) => text.replace("    moved-2:", "\n    # The second's\n    moved-2: # to be moved"));
  await writeFile(
    moving.fileOf(`handovers.${FROM}.json`),
    JSON.stringify({ "moved-1": [{ date: "2026-01-01", recipient: "age1x" }] }),
  );
});

afterAll(() => moving.remove());

it("says what it would do, and changes nothing", async () => {
  const texts = [await moving.textOf(FROM), await moving.stateOf(FROM)];

  const { exitCode, stdout } = await moving.move(...moving.between(FROM, TO), "--preview");

  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: [
      `Moves 2 customers from ${FROM} to ${TO}:`,
      `- Pulumi.${FROM}.yaml: without them`,
      `- Pulumi.${TO}.yaml: with them; a new file, with the connection of Pulumi.${FROM}.yaml`,
      `- a new stack ${TO}`,
      "- in the state: 2 to move",
      "- Keycloak: nothing",
      "",
    ].join("\n"),
  });
  const asData = await moving.move(...moving.between(FROM, TO), "--preview", "--json");
  expect(JSON.parse(asData.stdout)).toEqual({
    from: FROM,
    to: TO,
    done: false,
    customers: ["moved-1", "moved-2"],
    inState: 2,
    newStack: true,
    newFile: true,
  });
  expect([await moving.textOf(FROM), await moving.stateOf(FROM)]).toEqual(texts);
  await expect(moving.textOf(TO)).rejects.toThrow("ENOENT");
});

it("refuses to move what an up would change as well", async () => {
  const text = await moving.textOf(FROM);
  await moving.edit(FROM, () => `${text}  scpcloud:accessTokenLifespan: 600\n`);

  const { exitCode, stderr } = await moving.move(...moving.between(FROM, TO), "--yes");

  await moving.edit(FROM, () => text);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(new RegExp(`^The preview of ${FROM} has 3 changes, such as update .*-client\\.`));
  await expect(moving.textOf(TO)).rejects.toThrow("ENOENT");
});

it("moves customers into a new stack, with their comments and the record of handovers; their tokens stay", async () => {
  const ids = moving.fileOf("ids.txt");
  await writeFile(ids, "\uFEFF# To be moved\r\nmoved-1\r\n\r\n  moved-2 # the second\r\n");

  const { exitCode, stderr, stdout } = await moving.move("--customers-file", ids, "--from", FROM, "--to", TO, "--yes");

  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: expect.stringContaining("- move 2 customers") as string,
  });
  expect(stdout).toContain(`✓ moved 2 customers from ${FROM} to ${TO}`);
  expect(await moving.textOf(TO)).toContain("\n\n    # The second's\n    moved-2:\n      # to be moved\n");
  expect(await moving.textOf(FROM)).not.toContain("The second's");
  expect(JSON.parse(await readFile(moving.fileOf(`handovers.${TO}.json`), "utf8"))).toHaveProperty("moved-1");
  expect(JSON.parse(await readFile(moving.fileOf(`handovers.${FROM}.json`), "utf8"))).toEqual({});
  await moving.expectMoved(FROM, TO);
});

it("that was killed between the writing of the two states is finished by the next; nobody can deploy meanwhile", async () => {
  const { project } = moving;
  const [text, state] = [await moving.textOf(TO), await project.pulumi("stack", "export", "--stack", TO)];
  expect((await moving.move(...moving.between(TO, FROM), "--yes")).exitCode).toBe(0);
  await moving.edit(TO, () => text);
  await writeFile(moving.fileOf("state.json"), state.stdout);
  await project.pulumi("stack", "import", "--file", moving.fileOf("state.json"), "--stack", TO);

  const up = await project.pulumi("up", "--yes", "--skip-preview", "--stack", FROM);
  expect(up.exitCode).not.toBe(0);
  expect(up.stdout).toContain("must be a customer of one stack only");
  const { exitCode, stdout } = await moving.move(...moving.between(TO, FROM), "--yes");

  expect(exitCode).toBe(0);
  expect(stdout).toContain("2 of them are in both states");
  await moving.expectMoved(TO, FROM);
  await moving.expectNothingToDo(FROM);
});

it("prints no secret", () => moving.expectNoSecretPrinted());

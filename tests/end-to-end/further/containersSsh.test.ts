import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { withContainers } from "../containers.ts";
import { describeWithEngine, namesOnEngine } from "../engine.ts";

/** What ssh would run on the other machine runs on this one: the rest of the way, through both ends, is the real one. */
const SSH = `#!/bin/sh
echo "$@" >>"$(dirname "$0")/calls"
exec docker system dial-stdio
`;

describeWithEngine("an engine that is reached by ssh", (images) => {
  let directory: string;
  const path = process.env["PATH"];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "scpcloud-ssh-"));
    await writeFile(join(directory, "ssh"), SSH, { mode: 0o755 });
    process.env["PATH"] = [directory, path].join(delimiter);
  });

  afterEach(async () => {
    process.env["PATH"] = path;
    await rm(directory, { recursive: true, force: true });
  });

  it("runs the containers, and is asked for their health by ssh, too", async () => {
    await withContainers(images, async ({ configure, name, stack }) => {
      await configure({}, { "docker:host": "ssh://deploy@docker.example.com:2222" });
      await stack.up();

      expect(await namesOnEngine(name)).toContain(`container scpcloud-${name}-web-production-bff`);
      const calls = (await readFile(join(directory, "calls"), "utf8")).trim().split("\n");
      expect(calls.length).toBeGreaterThan(1);
      for (const call of calls) {
        expect(call).toMatch(/-l deploy -p 2222 .*docker\.example\.com docker system dial-stdio$/);
      }
    });
  });
});

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { REALMS } from "../end-to-end/server.ts";

const FOLDER = join(import.meta.dirname, "..", "end-to-end");
const FILES = globSync("**/*.test.ts", { cwd: FOLDER });

it.each(Object.keys(REALMS))("the realm %s belongs to one end-to-end file, for files run at the same time", (realm) => {
  const users = FILES.filter((name) =>
    readFileSync(join(FOLDER, name), "utf8").match(new RegExp(`REALMS\\.${realm}\\b`)),
  );
  expect(users).toHaveLength(1);
});

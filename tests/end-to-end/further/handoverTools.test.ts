import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { examples, FILLS_VARIABLE, VARIABLE } from "../../../commands/handover/examples";
import { encryptFor } from "../../../commands/handover/recipients";
import { sheet } from "../../../commands/handover/sheet";
import { run } from "../../../processes/run";
import { itWith } from "../tools";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "scpcloud-handover-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const inDirectory = (name: string) => join(directory, name);

describe("what a customer gets", () => {
  itWith(["age"], "is opened by the tool age with the key that it has made", async () => {
    const keygen = await run("age-keygen", ["-o", inDirectory("key.txt")]);
    const recipient = /age1\w+/.exec(keygen.stdout + keygen.stderr)?.[0] ?? "";
    await writeFile(inDirectory("acme.age"), await encryptFor([recipient], "credentials, müller"));

    const opened = await run("age", ["--decrypt", "--identity", inDirectory("key.txt"), inDirectory("acme.age")]);

    expect(opened).toEqual({ exitCode: 0, stdout: "credentials, müller", stderr: "" });
  });

  itWith(["chromium"], "shows in a browser, on paper too, and the browser has nothing to complain of", async () => {
    const page = sheet({
      clientId: "acme",
      name: "Acme & Sons",
      bffUrl: "https://api.example.com",
      contact: "ScpCloud support, support@example.com",
      date: new Date(),
    });
    await writeFile(inDirectory("acme.html"), page);
    // The tests may run as root, for whom Chromium has no sandbox.
    const browser = (...args: string[]) =>
      run("chromium", [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"],
        ...[`--user-data-dir=${inDirectory("browser")}`, ...args, pathToFileURL(inDirectory("acme.html")).href],
      ]);

    const dom = await browser("--dump-dom");
    const printed = await browser(`--print-to-pdf=${inDirectory("page.pdf")}`, "--no-pdf-header-footer");

    expect(dom.exitCode).toBe(0);
    expect(dom.stdout).toContain("<h1>Access to ScpCloud: Acme &amp; Sons</h1>");
    expect(dom.stdout.match(/<h3>(.*?)<\/h3>/g)).toHaveLength(4);
    expect(dom.stdout).toContain("https://api.example.com/operation-entries");
    expect(dom.stdout).toContain("ScpCloud support, support@example.com");
    expect(dom.stderr + printed.stderr).not.toMatch(/CONSOLE|Refused to|Content Security Policy/);
    const pdf = await readFile(inDirectory("page.pdf"), "latin1");
    expect(pdf.startsWith("%PDF-")).toBe(true);
    expect((pdf.match(/\/Type \/Page\b/g) ?? []).length).toBeLessThanOrEqual(4);
  });

  itWith(
    ["curl", "jq", "python3"],
    "has calls that work as they stand, in curl, Python and Java, and a line that fills their variable",
    async () => {
      const seen: string[] = [];
      const server = createServer(({ headers, url }, response) => {
        seen.push(`${url} ${headers.authorization}`);
        response.end("entries");
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/operation-entries`;
        const [curl, , python, java] = examples(url).map(({ code }) => code);
        await writeFile(inDirectory("Call.java"), java ?? "");
        const env = { [VARIABLE]: "Basic YWNtZTpzZWNyZXQ=" };
        await writeFile(inDirectory("credential.json"), JSON.stringify({ authorization: env[VARIABLE] }));
        const calls = [
          await run("sh", ["-c", `${FILLS_VARIABLE.shell}; ${curl}`], { cwd: directory }),
          await run("python3", ["-c", python ?? ""], { env }),
          await run("java", [inDirectory("Call.java")], { env }),
        ];
        expect(calls.map(({ exitCode, stdout }) => [exitCode, stdout.trim()])).toEqual([
          [0, "entries"],
          [0, "entries"],
          [0, "200 entries"],
        ]);
        expect(seen).toEqual(Array(3).fill(`/operation-entries ${env[VARIABLE]}`));
      } finally {
        server.close();
      }
    },
  );
});

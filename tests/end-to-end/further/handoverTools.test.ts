import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { encryptFor } from "../../../commands/handover/recipients.ts";
import { credentialText, sheet } from "../../../commands/handover/sheet.ts";
import { run } from "../../../processes/run.ts";
import { itWith } from "../tools.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "scpcloud-handover-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const pageOf = (bffUrl: string) =>
  sheet({
    clientId: "acme",
    name: "Acme <Sons>",
    bffUrl,
    contact: "ScpCloud support, support@example.com",
    date: new Date(),
  });
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
    await writeFile(inDirectory("acme.html"), pageOf("https://api.example.com"));
    // The tests may run as root, for whom Chromium has no sandbox.
    const browser = (...args: string[]) =>
      run("chromium", [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"],
        ...[`--user-data-dir=${inDirectory("browser")}`, ...args, pathToFileURL(inDirectory("acme.html")).href],
      ]);

    const dom = await browser("--dump-dom");
    const printed = await browser(`--print-to-pdf=${inDirectory("page.pdf")}`, "--no-pdf-header-footer");

    expect(dom.exitCode).toBe(0);
    expect(dom.stdout).toContain("<h1>Access to ScpCloud: Acme &lt;Sons&gt;</h1>");
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
        const page = pageOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        const codes = [...page.matchAll(/<pre>([^]*?)<\/pre>/g)].map(([, code = ""]) => code);
        const codeWith = (words: string) => codes.find((code) => code.includes(words)) ?? "";
        const authorization = "Basic YWNtZTpzZWNyZXQ=";
        await writeFile(
          inDirectory("credential.json"),
          credentialText({ clientId: "acme", clientSecret: "s", authorization }),
        );
        await writeFile(inDirectory("Call.java"), codeWith("public class"));
        const inShell = (...commands: string[]) =>
          run("sh", ["-c", [codeWith("export "), ...commands].join("\n")], { cwd: directory });
        const calls = [
          await inShell(codeWith("curl ")),
          await inShell(`exec python3 - <<'END'\n${codeWith("import urllib")}\nEND`),
          await inShell("exec java Call.java"),
        ];
        expect(calls.map(({ exitCode, stdout }) => [exitCode, stdout.trim()])).toEqual([
          [0, "entries"],
          [0, "entries"],
          [0, "200 entries"],
        ]);
        expect(seen).toEqual(Array(3).fill(`/operation-entries ${authorization}`));
      } finally {
        server.close();
      }
    },
  );
});

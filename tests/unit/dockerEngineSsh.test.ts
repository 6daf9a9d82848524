import type * as childProcess from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { connectToEngine, DockerEngineError } from "../../services/engine/engineConnection.ts";
import { FakeEngine } from "./fakeEngine.ts";

// Jest gives a test an environment of its own, which processes that it starts do not get by themselves.
jest.mock("node:child_process", () => {
  const actual = jest.requireActual<typeof childProcess>("node:child_process");
  const spawn = (command: string, args: string[], options: childProcess.SpawnOptions) =>
    actual.spawn(command, args, { env: process.env, ...options });
  return { ...actual, spawn };
});

let engine: FakeEngine;

beforeEach(async () => {
  engine = await FakeEngine.start();
});
afterEach(() => engine.stop());

describe("an engine behind ssh", () => {
  const path = process.env["PATH"];

  /** Puts a program first on the PATH that stands for ssh. */
  const pretendSsh = (script: string) => {
    writeFileSync(join(engine.folder, "ssh"), `#!${process.execPath}\n${script}`, { mode: 0o755 });
    process.env["PATH"] = [engine.folder, path].join(":");
  };
  const relay = () => `
    const { connect } = require("node:net");
    require("node:fs").writeFileSync(${JSON.stringify(join(engine.folder, "arguments"))}, process.argv.slice(2).join("|"));
    const engine = connect(${JSON.stringify(engine.socket)});
    process.stdin.pipe(engine).pipe(process.stdout);
  `;
  const ask = (host: string, sshOptions: string[] = []) =>
    connectToEngine({ host, sshOptions }).request("GET", "/_ping");

  afterEach(() => {
    process.env["PATH"] = path;
  });

  it.each([
    [
      "with user, port and options",
      "ssh://deploy@docker.example.com:2222",
      ["-i", "key file"],
      "-i|key file|-o|ConnectTimeout=30|-T|-l|deploy|-p|2222|--|docker.example.com|docker|system|dial-stdio",
    ],
    [
      "with what ssh's own configuration says where the URL says nothing",
      "ssh://Docker",
      [],
      "-o|ConnectTimeout=30|-T|--|Docker|docker|system|dial-stdio",
    ],
  ])("is reached by the engine's own relay, %s", async (_, host, options, expected) => {
    engine.answers["/_ping"] = [{ body: "OK" }];
    pretendSsh(relay());

    expect(await ask(host, options)).toEqual({ status: 200, body: Buffer.from("OK") });
    expect(readFileSync(join(engine.folder, "arguments"), "utf8")).toBe(expected);
  });

  it("gives long answers whole", async () => {
    const long = Buffer.alloc(3_000_000, "0123456789");
    engine.answers["/_ping"] = [{ body: [long] }];
    pretendSsh(relay());

    const { body } = await ask("ssh://docker.example.com");

    expect(body.equals(long)).toBe(true);
  });

  it("that ssh cannot reach is told in ssh's own words", async () => {
    pretendSsh(`
      process.stderr.write("Warning: something.\\ndeploy@docker.example.com: Permission denied (publickey).\\n");
      process.exitCode = 255;
    `);

    const asked = ask("ssh://deploy@docker.example.com");

    await expect(asked).rejects.toBeInstanceOf(DockerEngineError);
    await expect(asked).rejects.toThrow(
      /^The Docker engine at ssh:\/\/deploy@docker\.example\.com does not answer: .*Permission denied \(publickey\)\.$/,
    );
  });

  it("needs ssh", async () => {
    process.env["PATH"] = join(engine.folder, "nothing");

    await expect(ask("ssh://docker.example.com")).rejects.toThrow("spawn ssh ENOENT");
  });
});

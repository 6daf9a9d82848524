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
  /** What the program was called with. */
  const sshArguments = () => JSON.parse(readFileSync(join(engine.folder, "arguments"), "utf8")) as string[];
  const relay = () => `
    const { connect } = require("node:net");
    require("node:fs").writeFileSync(${JSON.stringify(join(engine.folder, "arguments"))}, JSON.stringify(process.argv.slice(2)));
    const engine = connect(${JSON.stringify(engine.socket)});
    process.stdin.pipe(engine).pipe(process.stdout);
  `;
  const ask = (host: string, sshOptions: string[] = []) =>
    connectToEngine({ host, sshOptions }).request("GET", "/_ping");

  afterEach(() => {
    process.env["PATH"] = path;
  });

  it("is reached by the engine's own relay, with user, port and options", async () => {
    engine.answers["/_ping"] = [{ body: "OK" }];
    pretendSsh(relay());

    const answer = await ask("ssh://deploy@docker.example.com:2222", ["-i", "key file"]);

    expect(answer).toEqual({ status: 200, body: Buffer.from("OK") });
    expect(sshArguments()).toEqual([
      ...["-i", "key file", "-o", "ConnectTimeout=30", "-T", "-l", "deploy", "-p", "2222"],
      ...["--", "docker.example.com", "docker", "system", "dial-stdio"],
    ]);
  });

  it("is reached with what ssh's own configuration says where the URL says nothing", async () => {
    engine.answers["/_ping"] = [{ body: "OK" }];
    pretendSsh(relay());

    await ask("ssh://Docker");

    expect(sshArguments()).toEqual([
      ...["-o", "ConnectTimeout=30", "-T"],
      ...["--", "Docker", "docker", "system", "dial-stdio"],
    ]);
  });

  it("gives long answers whole", async () => {
    const long = Buffer.alloc(3_000_000, "0123456789");
    engine.answers["/_ping"] = [{ body: [long] }];
    pretendSsh(relay());

    const { body } = await ask("ssh://docker.example.com");

    expect(body.equals(long)).toBe(true);
  });

  it("takes bodies, too", async () => {
    engine.answers["/x"] = [{ status: 204, body: "" }];
    pretendSsh(relay());

    const connection = connectToEngine({ host: "ssh://docker.example.com", sshOptions: [] });
    await connection.request("POST", "/x", { a: 1 });

    expect(engine.requests).toEqual(['POST /x application/json {"a":1}']);
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

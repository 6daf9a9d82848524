import type * as childProcess from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";

import { connectToEngine, DockerEngineError } from "../../services/engine/engineConnection.ts";
import { inspectContainer, jsonOf, lastLogLines } from "../../services/engine/containerState.ts";
import { FakeEngine, frame, inspected } from "./fakeEngine.ts";

// Jest gives a test an environment of its own, which processes that it starts do not get by themselves.
jest.mock("node:child_process", () => {
  const actual = jest.requireActual<typeof childProcess>("node:child_process");
  const spawn = (command: string, args: string[], options: childProcess.SpawnOptions) =>
    actual.spawn(command, args, { env: process.env, ...options });
  return { ...actual, spawn };
});

const STATE = "/containers/0123/json";
const LOGS = "/containers/0123/logs?stdout=1&stderr=1&tail=20";

let engine: FakeEngine;

beforeEach(async () => {
  engine = await FakeEngine.start();
});
afterEach(() => engine.stop());

const connect = () => connectToEngine(engine.settings);

describe("an engine's answer", () => {
  it("comes through a unix socket, also to a body, be it JSON or a stream", async () => {
    engine.answers["/x"] = [{ status: 201, body: "OK" }];

    await connect().request("POST", "/x", { Image: "bff:1" });
    await connect().request("POST", "/x", Readable.from([Buffer.from("tar "), Buffer.from("archive")]));
    expect(await connect().request("DELETE", "/x")).toEqual({ status: 201, body: Buffer.from("OK") });

    expect(engine.requests).toEqual([
      'POST /x application/json {"Image":"bff:1"}',
      "POST /x application/x-tar tar archive",
      "DELETE /x",
    ]);
  });

  it("fails with a body that cannot be read", async () => {
    const body = new Readable({ read: () => body.destroy(new Error("the archive is broken")) });

    await expect(connect().request("POST", "/x", body)).rejects.toThrow("the archive is broken");
  });

  it("that does not come is told with the engine's address", async () => {
    const host = `unix://${engine.folder}/none.sock`;

    const asked = connectToEngine({ host, sshOptions: [] }).request("GET", "/_ping");

    await expect(asked).rejects.toBeInstanceOf(DockerEngineError);
    await expect(asked).rejects.toThrow(`The Docker engine at ${host} does not answer: `);
    await expect(asked).rejects.toThrow("connect ENOENT");
  });

  it("is JSON or nothing", () => {
    expect(jsonOf({ status: 200, body: Buffer.from('{"a": [1]}') })).toEqual({ a: [1] });
    expect(jsonOf({ status: 204, body: Buffer.alloc(0) })).toBeUndefined();
  });

  it.each([
    [500, '{"message":"the disk is full"}', "The Docker engine answered 500: the disk is full"],
    [400, '{"error":"other"}', 'The Docker engine answered 400: {"error":"other"}'],
    [301, "moved", "The Docker engine answered 301: moved"],
    [200, "<html>", "What answers in the Docker engine's place does not speak JSON."],
  ])("that is not good is an error in the engine's own words: %i %s", (status, body, text) => {
    expect(() => jsonOf({ status, body: Buffer.from(body) })).toThrow(new DockerEngineError(text));
  });
});

describe("a container", () => {
  it("may have a name that has to be escaped", async () => {
    engine.answers["/containers/a%2F..%3F/json"] = [inspected("running")];

    expect(await inspectContainer(connect(), "a/..?")).toBeDefined();
  });

  it.each([[[]], [{ Id: "0123" }], [{ Id: "0123", Name: "/api", RestartCount: 0, State: "running" }]])(
    "is not told by an answer of another form: %j",
    async (body) => {
      engine.answers[STATE] = [{ body }];

      await expect(inspectContainer(connect(), "0123")).rejects.toThrow(DockerEngineError);
    },
  );
});

describe("a container's log", () => {
  const lines = () => lastLogLines(connect(), "0123", 20);

  it("is both streams in the order in which they came, without empty lines", async () => {
    engine.answers[LOGS] = [
      { body: [Buffer.concat([frame(1, "Starting\n\n"), frame(2, "fail: "), frame(2, "no Keycloak\n \n")])] },
    ];

    expect(await lines()).toEqual(["Starting", "fail: no Keycloak"]);
    expect(engine.requests).toEqual([`GET ${LOGS}`]);
  });

  it("is put together wherever it was cut, be it in a frame, its head or a character", async () => {
    const whole = Buffer.concat([frame(1, "Grüße\n"), frame(2, "second\n")]);

    for (let cut = 1; cut < whole.length; cut++) {
      engine.answers[LOGS] = [{ body: [whole.subarray(0, cut), whole.subarray(cut)] }];
      expect(await lines()).toEqual(["Grüße", "second"]);
    }
  });

  it("may lack the end of its last frame", async () => {
    const cut = frame(2, "second line\n").subarray(0, 14);
    engine.answers[LOGS] = [{ body: [Buffer.concat([frame(1, "first\n"), cut, Buffer.alloc(0)])] }];

    expect(await lines()).toEqual(["first", "second"]);
  });

  it.each([
    ["is empty", { body: "" }],
    ["is not there", { status: 404, body: { message: "no such container" } }],
    ["cannot be read", { status: 501, body: { message: "the logging driver does not support reading" } }],
  ])("has no lines where it %s", async (_, answer) => {
    engine.answers[LOGS] = [answer];

    expect(await lines()).toEqual([]);
  });
});

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

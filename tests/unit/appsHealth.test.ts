import * as pulumi from "@pulumi/pulumi";

import { explainRefusal } from "../../components/refusals";
import { connectToEngine } from "../../components/engine/engineConnection";
import { awaitHealthy } from "../../components/engine/containerHealth";
import { API_IMAGE, BFF_IMAGE, BOTH, secrets, withApps } from "./appsConfiguration";
import { CONTAINER, declareApps } from "./declaredApps";

jest.mock("../../components/engine/containerHealth", () => ({ awaitHealthy: jest.fn() }));
jest.mock("../../components/engine/engineConnection", () => ({ connectToEngine: jest.fn(() => "the engine") }));

const SECRET_VALUE = "hunter2-hunter2";
const CONTAINERS = { api: "scpcloud-prod-production-api", bff: "scpcloud-prod-web-production-bff" };

const health = jest.mocked(awaitHealthy);

beforeEach(() => {
  health.mockResolvedValue(undefined);
});

/** Runs with this instead of a rejection that nobody handles, by which Pulumi makes a run fail. */
async function withFailures<T>(run: () => Promise<T>): Promise<{ result: T; failures: unknown[] }> {
  const failures: unknown[] = [];
  const reject = jest.spyOn(Promise, "reject").mockImplementation((error) => {
    failures.push(error);
    return Promise.resolve();
  });
  try {
    return { result: await run(), failures };
  } finally {
    reject.mockRestore();
  }
}

describe("waiting for healthy containers", () => {
  it("asks the engine of the settings, with each container's limit and secrets", async () => {
    const apps = { bff: { image: BFF_IMAGE, healthTimeout: 7 }, api: { image: API_IMAGE } };
    const engine = { "docker:host": "ssh://deploy@docker.example.com", "docker:sshOpts": ["-v"] };
    await declareApps(withApps(apps, { ...engine, ...secrets({ bff: { A: SECRET_VALUE } }) }));

    expect(jest.mocked(connectToEngine)).toHaveBeenCalledWith({
      host: "ssh://deploy@docker.example.com",
      sshOptions: ["-v"],
    });
    expect(health).toHaveBeenCalledTimes(2);
    expect(health).toHaveBeenCalledWith("the engine", {
      id: "id-of-bff-container",
      limit: 7,
      name: CONTAINERS.bff,
      secrets: [SECRET_VALUE],
    });
    expect(health).toHaveBeenCalledWith("the engine", {
      id: "id-of-api-container",
      limit: 60,
      name: CONTAINERS.api,
      secrets: [],
    });
  });

  it("fails the run with the complaint and without a stack trace, and still gives the outputs", async () => {
    health.mockImplementation((_, { id }) => Promise.resolve(id.includes("bff") ? "The container is ill." : undefined));

    const { result, failures } = await withFailures(() => declareApps());

    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(pulumi.ResourceError);
    expect(failures[0]).toMatchObject({ hideStack: true, message: "The container is ill.", stack: "" });
    expect(result.containers).toEqual(CONTAINERS);
  });

  it("tells of both containers", async () => {
    health.mockImplementation((_, { name }) => Promise.resolve(`${name} is ill.`));

    const { failures } = await withFailures(() => declareApps());

    expect(failures.map((error) => (error as Error).message).sort()).toEqual([
      `${CONTAINERS.api} is ill.`,
      `${CONTAINERS.bff} is ill.`,
    ]);
  });

  it("is no matter of a preview", async () => {
    health.mockResolvedValue("The container is ill.");

    const { result, failures } = await withFailures(() => declareApps(withApps(BOTH), true));

    expect(health).not.toHaveBeenCalled();
    expect(failures).toEqual([]);
    expect(result.containers).toEqual(CONTAINERS);
  });
});

describe("a refusal of the engine", () => {
  const refusal = (error: string, type = CONTAINER) => ({
    errors: [error],
    failedOperation: "create",
    name: "bff-container",
    newInputs: { name: CONTAINERS.bff },
    type,
  });

  it.each([
    [CONTAINER, `Conflict. The container name "/${CONTAINERS.bff}" is already in use by container "0123"`, "container"],
    ["docker:index/network:Network", `network with name ${CONTAINERS.bff} already exists`, "network"],
  ])("because it has the %s already is told with the command that mends it", (type, error, kind) => {
    const explanation = explainRefusal(refusal(error, type), "prod");

    expect(explanation).toContain(`The Docker engine already has a ${kind} "${CONTAINERS.bff}"`);
    expect(explanation).toContain("scpcloud recover --stack prod");
  });

  it.each([
    "driver failed programming external connectivity: Bind for 127.0.0.1:8080 failed: port is already allocated",
    "listen tcp4 127.0.0.1:8080: bind: address already in use",
  ])("because of a port names the container: %s", (error) => {
    const explanation = explainRefusal(refusal(error), "prod");

    expect(explanation).toContain(`a port that container "${CONTAINERS.bff}" is to publish`);
    expect(explanation).not.toContain("recover");
  });

  it("for another reason is left to the provider's words, and never taken for one of Keycloak's", () => {
    expect(explainRefusal(refusal("403 Forbidden"), "prod")).toBeUndefined();
    expect(explainRefusal(refusal("the image already exists"), "prod")).toBeUndefined();
  });
});

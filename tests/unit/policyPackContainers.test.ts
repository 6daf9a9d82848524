import * as containers from "../../policy-pack/rules/containerRules.ts";
import type { Properties } from "../../policy-pack/rules/declaredResources.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;
const GOOD = {
  image: "registry.example.com/app:1.4.2",
  readOnly: true,
  capabilities: { drops: ["ALL"], adds: ["CAP_NET_BIND_SERVICE"] },
  volumes: [{ volumeName: "certificates", containerPath: "/etc/scpcloud", readOnly: true }],
};

const RULES = {
  pinnedImage: (container: Properties) => containers.pinnedImage("image", container),
  unprivileged: containers.unprivileged,
  noDockerSocket: containers.noDockerSocket,
  readOnlyRoot: containers.readOnlyRoot,
  droppedCapabilities: containers.droppedCapabilities,
};

describe("the rules for containers", () => {
  it.each(Object.entries(RULES))("%s: nothing to say of a container as it should be", (_name, rule) => {
    expect([...rule(GOOD)]).toEqual([]);
  });

  it.each<[keyof typeof RULES, object, RegExp]>([
    ["pinnedImage", { image: "app" }, /^image is "app"\. Write a version as its tag/],
    ["pinnedImage", { image: "app:latest" }, /^image is "app:latest"/],
    ["pinnedImage", { image: "registry.example.com:5000/app" }, /^image is "registry/],
    ["pinnedImage", { image: "app@sha256:abc" }, /^image is "app@sha256:abc"/],
    ["unprivileged", { privileged: true }, /^privileged is true/],
    ["unprivileged", { capabilities: { adds: ["CAP_SYS_ADMIN"] } }, /^capabilities adds SYS_ADMIN/],
    ["unprivileged", { capabilities: { adds: ["all"] } }, /^capabilities adds ALL/],
    ["noDockerSocket", { volumes: [{ hostPath: "/var/run/docker.sock" }] }, /^\/var\/run\/docker\.sock of the machine/],
    ["noDockerSocket", { volumes: [{ hostPath: "/run/user/1000/docker.sock" }] }, /docker\.sock/],
    ["noDockerSocket", { mounts: [{ type: "bind", source: "/var/run" }] }, /^\/var\/run of the machine is mounted/],
    ["noDockerSocket", { mounts: [{ type: "bind", source: "/" }] }, /^\/ of the machine is mounted/],
    ["readOnlyRoot", { readOnly: undefined }, /^readOnly is not true/],
    ["droppedCapabilities", { capabilities: undefined }, /^capabilities does not drop ALL/],
    ["droppedCapabilities", { capabilities: { drops: ["NET_RAW"] } }, /^capabilities does not drop ALL/],
  ])("%s: %j", (name, change, message) => {
    expect([...RULES[name]({ ...GOOD, ...change })]).toEqual([expect.stringMatching(message)]);
  });

  it.each(["app:1.0", "registry.example.com:5000/app:1.0", `app@${DIGEST}`, `app:latest@${DIGEST}`, DIGEST])(
    "%s is pinned",
    (image) => {
      expect([...RULES.pinnedImage({ image })]).toEqual([]);
    },
  );

  it("waits for an image's id that only `up` will tell", () => {
    const unknown = {
      get image(): string {
        throw new Error("string value at .image can't be known during preview");
      },
    };
    expect([...RULES.pinnedImage(unknown)]).toEqual([]);
  });

  it("asks nothing of a container that never starts", () => {
    const writer = { ...GOOD, start: false, readOnly: undefined, capabilities: undefined };
    expect([...RULES.readOnlyRoot(writer), ...RULES.droppedCapabilities(writer)]).toEqual([]);
  });
});

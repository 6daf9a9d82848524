import { objectsOf, type Properties, textsOf, UNKNOWN, valueOf } from "./declaredResources.ts";

/** Each rule looks at the inputs of one container and says what to do about it. */
export type ContainerRule = (container: Properties) => Iterable<string>;

/** The reference of an image, at a container's input `image` or an image's input `name`. */
export function* pinnedImage(input: "image" | "name", resource: Properties): Generator<string> {
  const reference = valueOf(resource, input);
  // Unknown is the id of an image that is still to be pulled; the rule looks at that image's own reference instead.
  if (reference !== UNKNOWN && !isPinned(String(reference))) {
    yield (
      `${input} is ${JSON.stringify(reference)}. Write a version as its tag, or better its digest: what runs must be ` +
      "what was reviewed, and latest is another image tomorrow."
    );
  }
}

function isPinned(reference: string): boolean {
  if (/(^|@)sha256:/.test(reference)) {
    return /sha256:[0-9a-f]{64}$/.test(reference);
  }
  // A colon before the last slash belongs to the registry's port.
  const tag = reference.split("/").at(-1)?.split(":")[1];
  return tag !== undefined && tag !== "" && tag !== "latest";
}

/** With one of these a container is as good as privileged. */
const WHOLE_MACHINE = ["ALL", "SYS_ADMIN"];

export function* unprivileged({ privileged, capabilities }: Properties): Generator<string> {
  if (privileged === true) {
    yield "privileged is true. Remove it, and add the single capability that is needed: it gives the whole machine away.";
  }
  for (const name of capabilityNames(capabilities, "adds").filter((one) => WHOLE_MACHINE.includes(one))) {
    yield `capabilities adds ${name}. Add the single one that is needed: this gives the whole machine away.`;
  }
}

/** The socket, or a folder that holds it. */
const SOCKET_PATHS = /^(\/|\/var|(\/var)?\/run)\/?$|docker\.sock$/;

export function* noDockerSocket({ volumes, mounts }: Properties): Generator<string> {
  const paths = [
    ...objectsOf(volumes).map(({ hostPath }) => hostPath),
    ...objectsOf(mounts).map(({ source }) => source),
  ];
  for (const path of paths) {
    if (typeof path === "string" && SOCKET_PATHS.test(path)) {
      yield `${path} of the machine is mounted. Remove it: whoever has Docker's socket is root on the engine.`;
    }
  }
}

export function* readOnlyRoot(container: Properties): Generator<string> {
  if (container["readOnly"] !== true && isStarted(container)) {
    yield "readOnly is not true. Consider it, with tmpfs for what has to be written: an intruder can then leave nothing.";
  }
}

export function* droppedCapabilities(container: Properties): Generator<string> {
  if (!capabilityNames(container["capabilities"], "drops").includes("ALL") && isStarted(container)) {
    yield "capabilities does not drop ALL. Consider it, and add the single ones that are needed.";
  }
}

/** A container that only holds files until a volume has them runs nothing. */
function isStarted({ start }: Properties): boolean {
  return start !== false;
}

function capabilityNames(capabilities: unknown, list: "adds" | "drops"): readonly string[] {
  const names = (capabilities as Properties | undefined)?.[list];
  return textsOf(names).map((name) => name.toUpperCase().replace(/^CAP_/, ""));
}

import { type Fault, shown } from "../../faults/faults.ts";
import { partsOf } from "../../settings/schema/checks.ts";
import type { ConfigurationSource } from "../../settings/source.ts";
import type { MainStack } from "./mainStack.ts";
import { CERTIFICATE, isCertificates, type Values } from "./schema.ts";
import { CA_FILE_VARIABLE, type Service, SERVICES } from "./settings.ts";

/** What is wrong between the keys, or between them and the main stack's file. A value that its schema refuses is absent. */
export function* checkServices(values: Partial<Values>, main: MainStack): Generator<Fault> {
  if (SERVICES.every((service) => values[service] === undefined)) {
    yield {
      key: "scpcloud-services",
      rule: "must have bff, api or both",
      reason: "a stack without a container has nothing to do",
      remedy: "add one, such as: scpcloud-services:bff: { image: … }",
    };
  }
  yield* checkCertificate(values, main);
  yield* checkReachable(main);
  yield* checkDigests(values);
  yield* checkPorts(values);
  for (const service of SERVICES) {
    yield* checkEnvironment(service, values, main.environments[service]);
  }
}

/** The CA by which the deployer trusts Keycloak serves the containers, too, where they are given none of their own. */
function* checkCertificate({ caCertificate }: Partial<Values>, main: MainStack): Generator<Fault> {
  const key = `keycloak:rootCaCertificate of ${main.file}`;
  if (caCertificate !== undefined || main.caCertificate === undefined) {
    return;
  }
  if (main.caCertificate === "") {
    yield {
      key,
      rule: "must not be a secret where scpcloud-services:caCertificate is not set",
      reason: "the containers are to trust the same CA, and this project cannot read it",
      remedy: "write the CA's certificate into scpcloud-services:caCertificate",
    };
  } else if (!isCertificates(main.caCertificate)) {
    yield { key, ...partsOf(CERTIFICATE) };
  }
}

/** In a container, localhost is the container itself. */
function* checkReachable({ backchannelUrl, file }: MainStack): Generator<Fault> {
  if (/^((.*\.)?localhost\.?|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(new URL(backchannelUrl).hostname)) {
    yield {
      key: `scpcloud:backchannelUrl of ${file}`,
      rule: "must not lead to localhost",
      reason: "in a container, localhost is the container itself",
      value: shown(backchannelUrl),
      remedy: "set it to a URL with host.docker.internal, which is the engine's machine",
    };
  }
}

function* checkDigests(values: Partial<Values>): Generator<Fault> {
  for (const service of SERVICES) {
    const { image, pull } = values[service] ?? {};
    if (image !== undefined && pull === true && !image.includes("@")) {
      yield {
        key: `scpcloud-services:${service}.image`,
        rule: "must have a digest",
        reason: "a tag can be moved to another image after the review",
        value: shown(image),
        remedy:
          "append @sha256:… as docker push printed it, or set pull: false for an image that the engine has already",
      };
    }
  }
}

function checkPorts(values: Partial<Values>): Fault[] {
  const ports = SERVICES.flatMap((service) =>
    (values[service]?.ports ?? []).map((port, index) => ({
      key: `scpcloud-services:${service}.ports[${index}].host`,
      ...port,
    })),
  );
  const overlaps = (one: string, other: string) =>
    one === other || [one, other].some((address) => /^(0\.0\.0\.0|::)$/.test(address));
  return ports
    .filter(({ host, address }, index) =>
      ports.slice(0, index).some((other) => other.host === host && overlaps(other.address, address)),
    )
    .map(({ key, host }) => ({
      key,
      rule: "must not repeat a published port",
      reason: "the engine gives a port to one container only",
      value: shown(host),
      remedy: "write another port",
    }));
}

/** ASP.NET Core does not tell upper from lower case in the names of variables. */
function* checkEnvironment(
  service: Service,
  values: Partial<Values>,
  emitted: Readonly<Record<string, string>>,
): Generator<Fault> {
  const secrets = values.secretEnvironment?.[service] ?? {};
  if (Object.keys(secrets).length > 0 && values[service] === undefined) {
    yield {
      key: `scpcloud-services:secretEnvironment.${service}`,
      rule: `must belong to a container, scpcloud-services:${service}`,
      reason: "nobody would get these values",
      remedy: "remove it, or declare the container",
    };
  }
  // Of a list, the part before the index.
  const own = [CA_FILE_VARIABLE, ...Object.keys(emitted)].map((name) => name.toLowerCase().replace(/__\d+$/, ""));
  const written = {
    [`scpcloud-services:${service}.environment`]: values[service]?.environment ?? {},
    [`scpcloud-services:secretEnvironment.${service}`]: secrets,
  };
  const names = new Set<string>();
  for (const [path, variables] of Object.entries(written)) {
    for (const name of Object.keys(variables)) {
      const lowerCased = name.toLowerCase();
      const place = { key: `${path}.${name}`, remedy: "remove it, or give it another name" };
      if (own.some((one) => lowerCased === one || lowerCased.startsWith(`${one}__`))) {
        yield {
          ...place,
          rule: "must not be a setting that the program itself hands over",
          reason: "it follows from the main stack's file, and one value would overwrite the other",
        };
      } else if (names.has(lowerCased)) {
        yield {
          ...place,
          rule: "must not repeat the name of an environment variable",
          reason: "one value would overwrite the other; ASP.NET Core does not tell upper from lower case",
        };
      }
      names.add(lowerCased);
    }
  }
}

/** Of all keys only one is secret: Pulumi would hide any other from whoever reviews the stack. */
export function* checkSecrets({ secretKeys, values }: ConfigurationSource): Generator<Fault> {
  const secret = "scpcloud-services:secretEnvironment";
  if (!secretKeys.has(secret) && (values[secret]?.trim() ?? "{}") !== "{}") {
    yield {
      key: secret,
      rule: "must be stored as a secret",
      reason: "the stack file goes into git",
      remedy: `run: pulumi config set --secret --path '${secret}.bff.NAME' (and renew the value: it has been readable)`,
    };
  }
  for (const key of secretKeys) {
    if (key.startsWith("scpcloud-services:") && key !== secret) {
      yield {
        key,
        rule: "must not be stored as a secret",
        reason: "Pulumi would then hide all of it from the reviewer",
        remedy: `put the secret below ${secret} instead`,
      };
    }
  }
}

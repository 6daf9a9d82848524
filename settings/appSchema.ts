import { isIP } from "node:net";

import * as v from "valibot";

import { parseImage } from "./imageReference";
import { APP_LIMITS } from "./appRules";
import { isCertificates } from "./certificates";
import type { RuleName } from "./rules";
import { SERVICE_NAMES } from "./serviceNames";
import { boolean, listOf, mapOf, refusingLists, says, text, whole } from "./shapes";

const matching = (pattern: RegExp, rule: RuleName) => v.pipe(text, v.regex(pattern, says(rule)));
const number = (name: keyof typeof APP_LIMITS) => whole(APP_LIMITS[name].least, APP_LIMITS[name].most, name);

const image = v.pipe(
  text,
  v.check((value) => parseImage(value) !== undefined, says("image")),
  v.check((value) => {
    const { tag, digest } = parseImage(value) ?? { tag: "" };
    return tag !== undefined || digest !== undefined;
  }, says("imageTag")),
  v.check(
    (value) => parseImage(value)?.tag !== "latest" || parseImage(value)?.digest !== undefined,
    says("imageLatest"),
  ),
);

const portNumber = whole(1, 65_535, "portNumber");
const port = mapOf(
  {
    address: v.optional(
      v.pipe(
        text,
        v.check((value) => isIP(value) !== 0, says("address")),
      ),
      "127.0.0.1",
    ),
    container: portNumber,
    host: portNumber,
  },
  says("port"),
);

const healthCheck = mapOf(
  {
    command: v.pipe(
      listOf(text),
      v.check(([first = ""]) => first.trim() !== "", says("command")),
    ),
    interval: v.optional(number("interval"), 10),
    retries: v.optional(number("retries"), 3),
    startPeriod: v.optional(number("startPeriod"), 0),
    timeout: v.optional(number("timeout"), 5),
  },
  says("healthCheck"),
);

const environment = refusingLists(
  v.record(matching(/^[A-Za-z_]\w*$/, "environmentName"), text, says("environmentMap")),
);

/** One of the containers. Read-only root, no capabilities and a memory limit, unless said otherwise. */
const app = (alias: string) =>
  mapOf(
    {
      aliases: v.optional(
        v.pipe(
          listOf(matching(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, "alias")),
          v.minLength(1, says("aliases")),
        ),
        [alias],
      ),
      capabilities: v.optional(listOf(matching(/^(?!CAP_|ALL$)[A-Z][A-Z_]*$/, "capability")), []),
      environment: v.optional(environment, {}),
      healthCheck: v.optional(healthCheck),
      healthTimeout: v.optional(number("healthTimeout"), 60),
      image,
      memory: v.optional(number("memory"), 512),
      ports: v.optional(listOf(port), []),
      pull: v.optional(boolean, true),
      readOnly: v.optional(boolean, true),
      restart: v.optional(
        v.picklist(["no", "on-failure", "always", "unless-stopped"], says("restart")),
        "unless-stopped",
      ),
      writablePaths: v.optional(
        listOf(matching(/^(?!\/etc\/scpcloud(\/|$))(\/(?!\.{1,2}(\/|$))[^/\s,:]+)+$/, "path")),
        ["/tmp"],
      ),
    },
    says("app"),
  );

/** The containers of WebProductionBff and ProductionApi, on one network. */
export const apps = mapOf(
  {
    api: v.optional(app(SERVICE_NAMES.api)),
    bff: v.optional(app(SERVICE_NAMES.bff)),
    caCertificate: v.optional(v.pipe(text, v.check(isCertificates, says("certificate")))),
    network: v.optional(matching(/^[A-Za-z0-9][\w.-]*$/, "network")),
    requireDigest: v.optional(boolean, true),
  },
  says("appsMap"),
);

/** Beside `apps`, since Pulumi tells only of a whole key whether it is secret. */
export const secretEnvironment = mapOf(
  { api: v.optional(environment, {}), bff: v.optional(environment, {}) },
  says("environmentMap"),
);

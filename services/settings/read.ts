import * as v from "valibot";

import { decodeAs } from "../../settings/decode";
import { type Fault, SettingsError, shown } from "../../settings/faults";
import type { ConfigurationSource } from "../../settings/source";
import { checkSecrets, checkServices } from "./checks";
import { decodeEngine } from "./engine";
import type { MainStack } from "./mainStack";
import { CERTIFICATE, ruleOf, SCHEMA, unknownKey, type Values } from "./schema";
import { SERVICES, type Settings } from "./settings";

const NAMESPACE = "scpcloud-services";
const NAMESPACES = [NAMESPACE, "docker", "pulumi"];
/** Their faults show no value: it may be a secret, or a private key in a certificate's place. */
const SECRET = /^scpcloud-services:secretEnvironment\b/;
const SILENT_RULES = [CERTIFICATE.rule, unknownKey("", []).rule];

/**
 * The stack's settings, wholly validated.
 * @throws SettingsError with all faults, before anything is asked of the engine
 */
export function readSettings(source: ConfigurationSource, main: MainStack): Settings {
  const { values, faults: misshapen } = parseAll(source);
  const { engine, faults: ofEngine } = decodeEngine(source);
  const faults = [
    ...(source.fileFaults ?? []),
    ...unknownKeys(source),
    ...misshapen,
    ...checkSecrets(source),
    ...ofEngine,
    ...checkServices(values, main),
  ];
  if (faults.length > 0) {
    throw new SettingsError(faults.map((fault) => (SECRET.test(fault.key) ? withoutValue(fault) : fault)));
  }
  const { secretEnvironment } = values as Values;
  const services = SERVICES.flatMap((service) => {
    const written = values[service];
    const emittedEnvironment = main.environments[service];
    return written === undefined
      ? []
      : [[service, { ...written, secretEnvironment: secretEnvironment[service], emittedEnvironment }]];
  });
  return {
    engine,
    network: values.network,
    caCertificate: values.caCertificate ?? main.caCertificate,
    services: Object.fromEntries(services) as Settings["services"],
  };
}

/** The values that their schemas pass, and what is wrong with each other one. */
function parseAll({ hasParts, values: texts }: ConfigurationSource): { values: Partial<Values>; faults: Fault[] } {
  const values: Record<string, unknown> = {};
  const faults = Object.entries<v.GenericSchema>(SCHEMA).flatMap(([key, schema]) => {
    const raw = texts[`${NAMESPACE}:${key}`];
    const type = key === "caCertificate" || key === "network" ? "string" : "object";
    // What is no JSON is refused as what it is: no map.
    const decoded = raw === undefined ? undefined : (decodeAs(type, raw, hasParts?.[`${NAMESPACE}:${key}`]) ?? raw);
    const { issues = [], output, success } = v.safeParse(schema, decoded, { abortPipeEarly: true });
    if (success) {
      values[key] = output;
    }
    return issues.map((issue) => toFault(key, issue));
  });
  return { values, faults };
}

function toFault(key: string, { input, message, path }: v.BaseIssue<unknown>): Fault {
  const steps = (path ?? []).map((item) => (typeof item.key === "number" ? `[${item.key}]` : `.${String(item.key)}`));
  const rule = ruleOf(message);
  const value = SILENT_RULES.includes(rule.rule) ? {} : { value: shown(input) };
  return { key: `${NAMESPACE}:${key}${steps.join("")}`, ...rule, ...value };
}

function unknownKeys({ values }: ConfigurationSource): Fault[] {
  return Object.keys(values).flatMap((key) => {
    const [namespace = "", name = ""] = key.split(":");
    if (!NAMESPACES.includes(namespace)) {
      return [{ key, ...unknownKey(namespace, NAMESPACES) }];
    }
    return namespace === NAMESPACE && !Object.hasOwn(SCHEMA, name)
      ? [{ key, ...unknownKey(name, Object.keys(SCHEMA)) }]
      : [];
  });
}

function withoutValue({ key, rule, reason, remedy }: Fault): Fault {
  return { key, rule, reason, remedy };
}

import * as v from "valibot";

import { SettingsError, withoutValue } from "../../faults/faults.ts";
import { faultOf, lostNames, unknownNamespaces } from "../../settings/schema/checks.ts";
import { type ConfigurationSource, decodeNamespace } from "../../settings/source.ts";
import { checkSecrets, checkServices } from "./checks.ts";
import { decodeEngine } from "./engine.ts";
import type { MainStack } from "./mainStack.ts";
import { STACK, type Values } from "./schema.ts";
import { SERVICES, type Settings } from "./settings.ts";

const NAMESPACE = "scpcloud-services";
const NAMESPACES = [NAMESPACE, "docker", "pulumi"];
/** Their faults show no value: it may be a secret, or a private key in a certificate's place. */
const SILENT = /^scpcloud-services:(secretEnvironment|caCertificate)\b/;

/**
 * The stack's settings, wholly validated.
 * @throws SettingsError with all faults, before anything is asked of the engine
 */
export function readSettings(source: ConfigurationSource, main: MainStack): Settings {
  const decoded = decodeNamespace(source, NAMESPACE, STACK.entries);
  const { issues = [], output } = v.safeParse(STACK, decoded);
  const refused = issues.map(({ path }) => path?.[0].key);
  const values: Partial<Values> = Object.fromEntries(
    Object.entries(output as Values).filter(([key]) => !refused.includes(key)),
  );
  const { engine, faults: ofEngine } = decodeEngine(source);
  const faults = [
    ...(source.fileFaults ?? []),
    ...unknownNamespaces(Object.keys(source.values), NAMESPACES),
    ...issues.map((issue) => faultOf(NAMESPACE, issue)),
    ...lostNames(decoded, `${NAMESPACE}:`),
    ...checkSecrets(source),
    ...ofEngine,
    ...checkServices(values, main),
  ];
  if (faults.length > 0) {
    throw new SettingsError(faults.map((fault) => (SILENT.test(fault.key) ? withoutValue(fault) : fault)));
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

import { createRequire } from "node:module";

import type { Verb } from "./cli/verb.ts";

/** The verbs of `scpcloud` by purpose, as its help has them, each in a line. */
export const VERBS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Look, and change nothing:": {
    doctor: "what has to be right before up, verify and drift can work",
    verify: "a real token of every customer, compared with the settings",
    drift: "what somebody changed behind the program's back",
    customers: "the customers, and the age of their secrets",
    review: "what a change of the stack files means, as Markdown",
    rehearse: "an upgrade of Keycloak, tried on this machine",
  },
  "Change, after a question:": {
    rollout: "preview and up of all stacks of a realm",
    handover: "a customer's credential, encrypted for the customer",
    rotate: "new secrets, without an outage",
    move: "customers from one stack to another",
    adopt: "clients that somebody made by hand",
  },
  "Repair, after a question:": {
    recover: "a stack after an up that was killed",
  },
};

const load = createRequire(import.meta.url);

/** One of them; only the one that is called is loaded, which takes long. */
export function loadVerb(name: string): Verb | undefined {
  const isVerb = Object.values(VERBS).some((verbs) => Object.hasOwn(verbs, name));
  return isVerb ? (load(`./${name}/command.ts`) as { readonly default: Verb }).default : undefined;
}

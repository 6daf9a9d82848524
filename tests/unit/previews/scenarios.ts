import type { StackFile } from "../../end-to-end/project.ts";

const organization = (number: number) => ({
  organizationId: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
});
export const CUSTOMERS = {
  acme: organization(1),
  globex: { ...organization(2), name: "Globex" },
  initech: organization(3),
};
const { globex, ...OTHERS } = CUSTOMERS;

/** What a stack file says other than the one that was deployed, by the name of the preview's recording. */
export const SCENARIOS: Readonly<Record<string, StackFile>> = {
  unchanged: {},
  customerAdded: { "scpcloud:integrations": { ...CUSTOMERS, umbrella: organization(4) } },
  customerRemoved: { "scpcloud:integrations": OTHERS },
  customerRetired: { "scpcloud:integrations": { ...CUSTOMERS, globex: { ...globex, retired: true } } },
  customerRenamed: { "scpcloud:integrations": { ...OTHERS, "globex-eu": globex } },
  organizationChanged: { "scpcloud:integrations": { ...CUSTOMERS, acme: organization(5) } },
  sharedChange: { "scpcloud:accessTokenLifespan": 600 },
  sharedMapperRemoved: { "scpcloud:allowedOrigins": [] },
  failing: { "scpcloud:accessTokenLifespan": 59 },
};

import { loginAsDeployer } from "../keycloak/admin";
import { foreignPolicies, policyInWords } from "../keycloak/clientPolicies";
import { connect } from "../keycloak/http";
import type { Settings } from "../settings/settings";

/** The realm's client policies that may have refused something, in words; none where that cannot be found out. */
export async function policiesInWords(settings: Settings): Promise<string[]> {
  const keycloak = connect(settings.connection);
  try {
    return (await foreignPolicies(await loginAsDeployer(keycloak, settings))).map(policyInWords);
  } catch {
    // What is being explained is the refusal, and not why this question failed.
    return [];
  } finally {
    await keycloak.close();
  }
}

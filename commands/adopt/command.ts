import { refuseAdoption } from "./adoptCustomers";
import { reviewAdoption } from "./adoptionReview";
import { adoptionText } from "./adoptionText";
import { findCandidates } from "./candidates";
import { replaceMappers } from "./replaceMappers";
import { loginAsDeployer } from "../../keycloak/admin";
import { connect } from "../../keycloak/http";
import { clientIdsInState } from "../pulumi/exportedState";
import { pulumiCli, runPreview } from "../pulumi/pulumiCli";
import { recover } from "../recovery/recovery";
import { differenceLines, verifyStack } from "../tokens/verification";
import { readSettings } from "../../settings/read";
import { dependencies } from "../../package.json";
import { runCommand } from "../cli/commandLine";
import { refuseEmptyRealm } from "../cli/emptyRealm";
import { loadStack, PROJECT_DIRECTORY } from "../cli/stack";

runCommand(
  {
    name: "adopt",
    description:
      "Takes over clients that somebody made by hand: those that the stack file names and Keycloak has, but the stack's\n" +
      "state does not. Shows as Markdown what changes for each, by a real token of today, and what closes. Changes nothing\n" +
      "without --yes. Ids and secrets stay, and no secret is printed.",
    options: {
      customer: {
        type: "string",
        multiple: true,
        value: "ID",
        description: "a client id; may be said several times; by default all",
      },
      yes: { type: "boolean", description: "adopt them: import, up, and a real token of each checked" },
      json: { type: "boolean", description: "what changes as data" },
    },
  },
  async ({ stack: name, options }) => {
    const stack = await loadStack(name);
    const settings = readSettings(stack.source);
    const keycloak = connect(settings.connection);
    try {
      const admin = await loginAsDeployer(keycloak, settings);
      await refuseEmptyRealm(name, stack.outputs, settings, admin);
      const pulumi = pulumiCli(name, PROJECT_DIRECTORY);
      const deployed = await clientIdsInState(pulumi);
      const candidates = await findCandidates(settings, deployed, admin, options.customer ?? []);
      const reviews = await Promise.all(
        candidates.map((candidate) => reviewAdoption(candidate, settings, keycloak, admin)),
      );
      console.log(
        options.json ? JSON.stringify({ stack: name, adoptions: reviews }, undefined, 2) : adoptionText(reviews, name),
      );
      if (reviews.length === 0 || options.yes !== true) {
        return 0;
      }
      // On standard error, so that what --json prints can be read by programs.
      const report = (line: string) => console.error(line);
      refuseAdoption(reviews, await runPreview(pulumi));
      for (const [index, { client }] of candidates.entries()) {
        await replaceMappers(client, reviews[index]?.organizationId ?? "", admin, report);
      }
      await recover(pulumi, admin, dependencies["@pulumi/keycloak"], report, { mayBeHandMade: () => true });
      const adopted = reviews.map(({ clientId }) => clientId);
      const { outputs } = await loadStack(name);
      const { customers } = await verifyStack(settings, outputs, { admin, keycloak }, adopted);
      const differences = customers.flatMap(differenceLines);
      for (const difference of differences) {
        report(`✗ ${difference}`);
      }
      report(
        differences.length === 0
          ? `✓ ${name}: adopted ${adopted.join(", ")}; ids and secrets are the same, and the tokens as promised`
          : `✗ ${name}: adopted ${adopted.join(", ")}, but the tokens are not as promised`,
      );
      return differences.length === 0 ? 0 : 1;
    } finally {
      await keycloak.close();
    }
  },
);

import { CHANGE_OPTIONS, agreed } from "../cli/confirmation.ts";
import { withKeycloak } from "../cli/connected.ts";
import { EXIT_CODES } from "../cli/errors.ts";
import { readOutputs } from "../cli/stack.ts";
import { teller } from "../cli/teller.ts";
import { JSON_OPTION, ofStack } from "../cli/verb.ts";
import { clientIdsInState } from "../pulumi/exportedState.ts";
import { pulumiCli, runPreview } from "../pulumi/pulumiCli.ts";
import { recover } from "../recovery/recovery.ts";
import { differenceLines, verifyStack } from "../tokens/verification.ts";
import { refuseAdoption } from "./adoptCustomers.ts";
import { reviewAdoption } from "./adoptionReview.ts";
import { adoptionText } from "./adoptionText.ts";
import { findCandidates } from "./candidates.ts";
import { replaceMappers } from "./replaceMappers.ts";

export default ofStack(
  {
    purpose:
      "Takes over clients that somebody made by hand: those that the stack file names and Keycloak has, but the stack's " +
      "state does not. Shows as Markdown what changes for each, by a real token of today, and what closes.",
    changes: "the clients' mappers and settings in Keycloak, and the stack's state. Ids and secrets stay.",
    options: {
      customer: { value: "ID", many: true, description: "a client id; by default all" },
      ...JSON_OPTION,
      ...CHANGE_OPTIONS,
    },
    examples: [
      ["--stack prod --preview", "shows what would change for the clients that were made by hand"],
      ["--stack prod --customer acme", "the same of one, asks, and adopts it"],
    ],
    fine: "nothing to adopt, or all tokens of what is adopted are as promised",
    found: "adopted, but a token is not as promised",
  },
  ({ stack: name, options }) =>
    withKeycloak(name, async ({ settings, keycloak, admin }) => {
      const pulumi = pulumiCli(name);
      const deployed = await clientIdsInState(pulumi);
      const candidates = await findCandidates(settings, deployed, admin, options.customer ?? []);
      const reviews = await Promise.all(
        candidates.map((candidate) => reviewAdoption(candidate, settings, keycloak, admin)),
      );
      const { say, end } = teller(options);
      say(adoptionText(reviews, name));
      const adopted = reviews.map(({ clientId }) => clientId);
      const steps = [`adopt ${adopted.join(", ")}: import, up, and a real token of each compared`];
      if (reviews.length === 0 || !(await agreed({ stacks: [name], keycloak: settings, steps }, options))) {
        end({ stack: name, done: false, adoptions: reviews });
        return 0;
      }
      const report = (line: string) => console.error(line);
      refuseAdoption(reviews, await runPreview(pulumi));
      for (const [index, { client }] of candidates.entries()) {
        await replaceMappers(client, reviews[index]?.organizationId ?? "", admin, report);
      }
      await recover(pulumi, admin, report, { mayBeHandMade: () => true });
      const outputs = await readOutputs(pulumi);
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
      end({ stack: name, done: true, adoptions: reviews, differences });
      return differences.length === 0 ? 0 : EXIT_CODES.found;
    }),
);

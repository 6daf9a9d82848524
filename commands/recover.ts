import { connectToEngine } from "../components/engine/engineConnection";
import { loginAsDeployer } from "./keycloak/admin";
import { connect } from "./keycloak/http";
import { pulumiCli } from "./pulumi/pulumiCli";
import { endPluginsOfDeadRuns } from "./recover/deadRuns";
import { mendFileBackend } from "./recover/fileBackend";
import { removeOrphans } from "./recover/orphans";
import { recover } from "./recover/recovery";
import { readSettings } from "../settings/read";
import { dependencies } from "../package.json";
import { runCommand } from "./cli/commandLine";
import { loadConfiguration, openWorkspace, PROJECT_DIRECTORY } from "./cli/stack";

runCommand(
  {
    name: "recover",
    description:
      "Brings a stack to its target after an `up` that was killed: mends a state that was left half written, removes\n" +
      "the dead run's lock, adopts clients and client scopes that exist in Keycloak but not in the stack's state, reads secrets\n" +
      "that the state lacks, and runs `up`. Client ids and secrets stay as they are;\n" +
      "nothing of Keycloak's is deleted. Containers that the state does not know are removed and made anew.",
    options: {},
  },
  async ({ stack: name }) => {
    const pulumi = pulumiCli(name, PROJECT_DIRECTORY);
    const workspace = await openWorkspace();
    const report = (line: string) => console.log(line);
    for (const plugin of await endPluginsOfDeadRuns(PROJECT_DIRECTORY)) {
      report(`ended what a killed run had left: ${plugin}`);
    }
    await mendFileBackend(pulumi, (await workspace.projectSettings()).name, name, report);
    const source = await loadConfiguration(name, workspace);
    const settings = readSettings(source);
    const keycloak = connect(settings.connection);
    try {
      const admin = await loginAsDeployer(keycloak, settings);
      const { apps } = settings;
      const { adopted } = await recover(
        pulumi,
        admin,
        dependencies["@pulumi/keycloak"],
        report,
        apps && ((known) => removeOrphans(connectToEngine(apps.engine), name, known)),
      );
      console.log(
        adopted.length === 0
          ? `✓ ${name}: nothing had to be adopted; the stack is at its target`
          : `✓ ${name}: adopted ${adopted.length} (${adopted.join(", ")}); the stack is at its target`,
      );
      return 0;
    } finally {
      await keycloak.close();
    }
  },
);

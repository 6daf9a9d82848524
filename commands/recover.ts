import { connectToEngine } from "../components/engine/connection";
import { loginAsDeployer } from "./keycloak/admin";
import { connect } from "./keycloak/http";
import { run } from "../processes/run";
import { restoreCheckpoint } from "./recover/checkpoint";
import { namesLock } from "./recover/stackLock";
import { removeOrphans } from "./recover/orphans";
import { type PulumiRunner, recover } from "./recover/recovery";
import { readSettings } from "../settings/read";
import { dependencies } from "../package.json";
import { runCommand } from "./cli/commandLine";
import { loadConfiguration, openWorkspace, PROJECT_DIRECTORY } from "./cli/stack";

runCommand(
  {
    name: "recover",
    description:
      "Brings a stack to its target after an `up` that was killed: removes the dead run's lock, adopts clients and scopes\n" +
      "that exist in Keycloak but not in the stack's state, and runs `up`. Client ids and secrets stay as they are;\n" +
      "nothing of Keycloak's is deleted. Containers that the state does not know are removed and made anew.",
  },
  async ({ stack: name }) => {
    const pulumi = pulumiRunner(name);
    const workspace = await openWorkspace();
    const report = (line: string) => console.log(line);
    if (await restoreCheckpoint(pulumi, (await workspace.projectSettings()).name, name)) {
      report("the state was cut off in the middle of a write; restored the copy that Pulumi keeps beside it");
    }
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

function pulumiRunner(stack: string): PulumiRunner {
  return {
    async run(args, { shown = false, global = false } = {}) {
      const about = global ? [] : ["--stack", stack];
      const { exitCode, stdout, stderr } = await run("pulumi", [...args, ...about, "--non-interactive"], {
        cwd: PROJECT_DIRECTORY,
        ...(shown ? { onLine: showUnlessLock } : {}),
      });
      if (exitCode !== 0) {
        throw new Error(`pulumi ${args[0]} failed\n${stdout}\n${stderr}`);
      }
      return stdout;
    },
  };
}

/** A dead run's lock is told by recover itself, and is no error then. */
function showUnlessLock(line: string): void {
  if (!namesLock(line)) {
    console.log(line);
  }
}

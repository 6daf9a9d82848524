import { stopDevelopmentServer } from "../embedded-keycloak/development";
import { runToExitCode } from "./setup";

runToExitCode(async () => {
  const stopped = await stopDevelopmentServer((line) => console.log(line));
  console.log(stopped ? "The embedded Keycloak is stopped; its data stays." : "The embedded Keycloak was not running.");
  return 0;
});

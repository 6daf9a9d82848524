import { runToExitCode } from "../processes/program.ts";
import { stopServices } from "./developmentServices.ts";
import { stopDevelopmentServer } from "./keycloak/development.ts";

runToExitCode(async () => {
  const containers = await stopServices();
  if (containers > 0) {
    console.log(`${containers === 1 ? "1 container is" : `${containers} containers are`} stopped.`);
  }
  const stopped = await stopDevelopmentServer((line) => console.log(line));
  console.log(stopped ? "The embedded Keycloak is stopped; its data stays." : "The embedded Keycloak was not running.");
});

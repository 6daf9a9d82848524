import { BFF_URL } from "./developmentServices.ts";

/**
 * A customer's call as it is typed in bash: the secret goes from the stack's outputs to curl through a pipe, so that it
 * is neither on the screen nor in an argument of a process, which others can read.
 */
export function callLine(stack: string, clientId: string): string {
  const outputs = `pulumi stack output credentials --stack ${stack} --show-secrets --json`;
  const toUser = `node -p '"user = ${clientId}:" + JSON.parse(fs.readFileSync(0))["${clientId}"].clientSecret'`;
  return `curl --config <(${outputs} | ${toUser}) ${BFF_URL}/operation-entries`;
}

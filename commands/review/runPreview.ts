import { SettingsError } from "../../settings/faults";
import { stacksOfRealm } from "../../settings/stackFile/realmStacks";
import { readStackFiles } from "../../settings/stackFile/files";
import { PROJECT_DIRECTORY } from "../cli/projectDirectory";
import { previewWithPolicies } from "../pulumi/policyPreview";
import { failed, type Preview } from "../pulumi/preview";
import { PulumiError } from "../pulumi/pulumiCli";

/**
 * Runs the preview of a stack. What fails becomes the preview, since its place is below this stack's heading.
 * @param ofRealm the stack of the realm whose stacks are all previewed
 */
export async function previewOf(
  stack: string,
  ofRealm: string | undefined,
  policyPack: string | undefined,
): Promise<Preview> {
  try {
    if (ofRealm !== undefined) {
      stacksOfRealm(ofRealm, readStackFiles(PROJECT_DIRECTORY));
    }
    return await previewWithPolicies(stack, PROJECT_DIRECTORY, policyPack === undefined ? [] : [policyPack]);
  } catch (error) {
    if (error instanceof SettingsError || error instanceof PulumiError) {
      return failed([error.message]);
    }
    throw error;
  }
}

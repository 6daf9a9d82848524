import { refuse } from "../../faults/userError.ts";
import { changesByOwner, ownerTitle } from "../changes/resourceChanges.ts";
import type { Preview } from "../pulumi/preview.ts";
import type { AdoptionReview } from "./adoptionReview.ts";

/**
 * Refuses what an adoption must not do: a client that cannot be adopted as it is, and anybody else's changes, which the
 * `up` of an adoption would deploy along with it.
 * @throws UserError naming all of them
 */
export function refuseAdoption(reviews: readonly AdoptionReview[], preview: Preview): void {
  const adopted = new Set(reviews.map(({ clientId }) => clientId));
  const others = changesByOwner(preview).filter(
    ({ changes, owner }) =>
      !(owner.kind === "customer" && adopted.has(owner.name)) &&
      // What all customers share has to be there before the first of them; a component is nothing on any server.
      changes.some(({ action, isComponent }) => !isComponent && !(owner.kind === "shared" && action === "create")),
  );
  const faults = [
    ...reviews.flatMap(({ clientId, obstacles }) =>
      obstacles.map((obstacle) => `${clientId} cannot be adopted as it is: ${obstacle}`),
    ),
    ...others.map(
      ({ owner }) =>
        `${ownerTitle([owner])}: the stack file changes something here, too. Deploy that first, or take it out of the ` +
        "stack file until the adoption is done",
    ),
  ];
  refuse(faults);
}

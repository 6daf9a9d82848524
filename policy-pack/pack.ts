import { PolicyPack } from "@pulumi/policy";

import { POLICIES } from "./policies.ts";

// As a pack is run by its folder's name, so it is named in the list of violations.
new PolicyPack("scpcloud-policies", { policies: POLICIES });

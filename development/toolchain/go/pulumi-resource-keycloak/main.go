// Command pulumi-resource-keycloak is a Keycloak resource plugin built from published Go modules, for machines that
// cannot fetch the official one. It bridges the newest version of the upstream provider that is published as a Go
// module (4.5.0; the official plugin 6.13.0 has 5.9.0), and adds what the program uses of a newer one: settings
// (settings.go), two resources (clientPolicies.go) and an input (clientDpop.go). ../../README.md lists the limits.
package main

import (
	"encoding/json"
	"log"

	"github.com/keycloak/terraform-provider-keycloak/provider"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens/fallbackstrat"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

const name = "keycloak"

// version is the one that the npm package @pulumi/keycloak asks for; the linker sets it (-X main.version=...).
var version string

func main() {
	if version == "" {
		log.Fatal("built without a version: link with -ldflags '-X main.version=...'")
	}
	upstream := provider.KeycloakProvider(nil)
	withNewerSettings(upstream)
	upstream.ResourcesMap["keycloak_openid_client"] = withDpop(upstream.ResourcesMap["keycloak_openid_client"])
	upstream.ResourcesMap["keycloak_realm_client_policy_profile"] = clientPolicyProfile()
	upstream.ResourcesMap["keycloak_realm_client_policy_profile_policy"] = clientPolicyProfilePolicy()
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(upstream),
		Name:    name,
		Version: version,
	}
	// The modules and the naming of the official plugin: type tokens and generated names must be the same.
	modules := []string{"ldap_", "oidc_", "openid_", "saml_", "authentication_"}
	strategy, err := fallbackstrat.KnownModulesWithInferredFallback(
		&info, name+"_", "index", modules, tokens.MakeStandard(name))
	if err != nil {
		log.Fatal(err)
	}
	info.MustComputeTokens(strategy)
	info.SetAutonaming(255, "-")

	// The engine reads no more of a schema than this when it runs a program.
	schema, err := json.Marshal(map[string]string{"name": name, "version": version})
	if err != nil {
		log.Fatal(err)
	}
	tfbridge.Main(name, version, info, schema)
}
